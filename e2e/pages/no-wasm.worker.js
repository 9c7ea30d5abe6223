import "./no-wasm.js";
import "./card-pin.worker.js";
