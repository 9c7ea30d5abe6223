// The pad on a page of the issuer's own; `/pin/tzpk` and `/pin/set` are the issuer's relay to Enfuce.

import "/card-pin/card-pin.js";

const pad = document.querySelector("card-pin");
const set = document.getElementById("set");
const again = document.getElementById("again");

/** Asks the back-end, which authenticates the customer strongly and asks Enfuce, for a control id: good for 30 seconds. */
async function newControl() {
  const response = await fetch("/my/pin-control", { method: "POST", cache: "no-store" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.json();
}

// Asked when both entries agree, so that nobody has to hurry.
pad.controlIdProvider = async () => (await newControl()).id;

pad.addEventListener("pin_valid", ({ detail }) => {
  set.disabled = !detail.pin_valid;
});

pad.addEventListener("set_pin_success", () => end("Your PIN is set."));

pad.addEventListener("set_pin_error", ({ detail }) => {
  if (detail.code === "wasm_unavailable") {
    // iOS in Lockdown Mode, for one: Enfuce's own page takes over, with a control id of its own.
    openEnfucesPage().catch(() => end("Your PIN cannot be set on this device."));
    return;
  }
  // After `outcome_unknown` the PIN may be set: the back-end looks at `pinStatus`, and gives a new control id only if not.
  end("Your PIN could not be set.");
  again.hidden = false;
});

set.addEventListener("click", () => {
  set.disabled = true;
  // The events tell how it went.
  pad.setPin().catch(() => {});
});

again.addEventListener("click", () => {
  again.hidden = true;
  set.hidden = false;
  say("");
  pad.reset();
  pad.focus();
});

/** The control id goes in the body: an address is logged and kept in the history. */
async function openEnfucesPage() {
  const { id, pinURL } = await newControl();
  const form = document.createElement("form");
  form.method = "post";
  form.action = pinURL;
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "controlId";
  field.value = id;
  form.append(field);
  document.body.append(form);
  form.submit();
}

function end(message) {
  set.hidden = true;
  say(message);
}

function say(message) {
  document.getElementById("message").textContent = message;
}
