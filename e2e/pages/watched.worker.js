import "./watch.js";
import "./card-pin.worker.js";
