import { loop } from "./loop.js";

addEventListener("message", () => postMessage(loop()));
