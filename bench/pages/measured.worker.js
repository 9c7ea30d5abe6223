import "./measured.js";
import "./card-pin.worker.js";
