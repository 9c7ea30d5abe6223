import { controlId, watch } from "./customer.js";

const pad = document.querySelector("card-pin");
pad.setAttribute("control-id", controlId);
watch(pad);
