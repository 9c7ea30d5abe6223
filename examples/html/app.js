const pad = document.querySelector("card-pin");
const message = document.getElementById("message");

// The pad asks once both entries agree, because a control id is valid for 30 seconds.
pad.controlIdProvider = async () => {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
};

pad.addEventListener("set_pin_success", () => {
  message.textContent = "Your card is on its way.";
});
