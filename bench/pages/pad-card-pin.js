import { bits, controlId, isTimed, watch } from "./customer.js";

const pad = document.querySelector("card-pin");
if (isTimed) pad.workerUrl = "./timed.worker.js";
pad.setAttribute("key-size", bits);
pad.setAttribute("control-id", controlId);
watch(pad);

const now = () => performance.timeOrigin + performance.now();
let defined;
customElements.whenDefined("card-pin").then(() => (defined = now()));
let ready;
pad.addEventListener("ready", () => (ready = now()));

/** When each stage of the session ended, by name, in milliseconds since 1970; for a timed vault that is ready. */
window.stages = () =>
  new Promise((resolve) => {
    const channel = new BroadcastChannel("card-pin-stages");
    channel.onmessage = ({ data }) => resolve({ ...data, opened: performance.timeOrigin, defined, ready });
    channel.postMessage(null);
  });
