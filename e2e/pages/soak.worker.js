import "./searches.js";
import "./card-pin.worker.js";
