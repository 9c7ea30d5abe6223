import "card-pin/standalone";

/** The step of an app in which the customer chooses the PIN. */
export function pinStep() {
  const pad = document.createElement("card-pin");
  pad.tzpkUrl = "/pin/tzpk";
  pad.setUrl = "/pin/set";
  // The pad asks once both entries agree, because a control id is valid for 30 seconds.
  pad.controlIdProvider = async () => {
    const response = await fetch("/my/control-id", { method: "POST" });
    if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
    return response.text();
  };
  return pad;
}
