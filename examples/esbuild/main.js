import "card-pin";

const pad = document.createElement("card-pin");
pad.tzpkUrl = "/pin/tzpk";
pad.setUrl = "/pin/set";
// The build copies these beside the page. A classic script could not find them by itself.
pad.workerUrl = "./card-pin.worker.js";
pad.wasmUrl = "./card_pin_bg.wasm";
pad.scalarWasmUrl = "./card_pin_scalar_bg.wasm";
// The pad asks once both entries agree, because a control id is valid for 30 seconds.
pad.controlIdProvider = async () => {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
};
document.body.append(pad);
