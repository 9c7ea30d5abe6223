import "card-pin";

/** The step of an app in which the customer chooses the PIN. */
export function pinStep({ askControlId, onDone, onFailed }) {
  const pad = document.createElement("card-pin");
  pad.tzpkUrl = "/pin/tzpk";
  pad.setUrl = "/pin/set";
  pad.controlIdProvider = askControlId;
  pad.addEventListener("set_pin_success", () => onDone());
  pad.addEventListener("set_pin_error", ({ detail }) => onFailed(detail.code));
  return pad;
}
