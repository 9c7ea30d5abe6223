import "./timed.js";
import "./card-pin.worker.js";
