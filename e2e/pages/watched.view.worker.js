import "./watch.js";
import "./card-pin.view.worker.js";
