import { bits, controlId, watch } from "./customer.js";

const pad = document.querySelector("card-pin");
pad.setAttribute("key-size", bits);
pad.setAttribute("control-id", controlId);
watch(pad);
