import "./no-entropy.js";
import "./card-pin.worker.js";
