import { pinStep } from "./pin-step.es.js";

document.body.append(pinStep());
