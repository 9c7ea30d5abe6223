import "./trap.js";
import "./card-pin.worker.js";
