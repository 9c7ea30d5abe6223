import "card-pin";

const pad = document.createElement("card-pin");
pad.tzpkUrl = "/pin/tzpk";
pad.setUrl = "/pin/set";
// The pad asks once both entries agree, because a control id is valid for 30 seconds.
pad.controlIdProvider = async () => {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
};
document.body.append(pad);
