import "card-pin";

const pad = document.querySelector("card-pin");
const message = document.getElementById("message");

// Asked once both entries agree, since a control id is good for 30 seconds.
pad.controlIdProvider = async () => {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
};

pad.addEventListener("set_pin_success", () => {
  message.textContent = "Your card is on its way.";
});
