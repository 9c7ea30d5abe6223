// The pad on a page of the issuer's own; `/pin/tzpk` and `/pin/set` are the issuer's relay to Enfuce.

import "/card-pin/card-pin.js";

const pad = document.querySelector("card-pin");
const set = document.getElementById("set");
const again = document.getElementById("again");

/**
 * Asks the back-end for a control id, which is valid for 30 seconds. The back-end authenticates the customer strongly and asks
 * Enfuce.
 */
async function newControl() {
  const response = await fetch("/my/pin-control", { method: "POST", cache: "no-store" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.json();
}

// The pad asks when both entries agree, so that the customer does not have to hurry.
pad.controlIdProvider = async () => (await newControl()).id;

pad.addEventListener("pin_valid", ({ detail }) => {
  set.disabled = !detail.pin_valid;
});

pad.addEventListener("set_pin_success", () => end("Your PIN is set."));

pad.addEventListener("set_pin_error", ({ detail }) => onFailure(detail));

/** What the customer is told after a failure, and what is offered next. */
function onFailure({ code, retryable }) {
  switch (code) {
    case "outcome_unknown":
      return checkStatus();
    case "not_allowed":
      return end("Please sign in again to set your PIN.");
    case "busy":
      return offer("Please wait a few minutes, then try again.", "Try again", restart);
    case "wasm_unavailable":
      // For example on iOS in Lockdown Mode: Enfuce's own page takes over, with a control id of its own.
      return openEnfucesPage().catch(() => onFailure({ retryable: false }));
    default:
      if (retryable) return offer("Your PIN could not be set.", "Try again", restart);
      return end("Your PIN could not be set. Please use another device, or contact your bank.");
  }
}

/** The PIN may be set: nothing is offered before the back-end has looked at the card's `pinStatus`. */
async function checkStatus() {
  end("It is not certain whether your PIN was set.");
  switch (await pinStatus().catch(() => undefined)) {
    case "S":
      return end("Your PIN is set.");
    case "W":
      return offer("Your PIN is not set yet.", "Try again", restart);
    default:
      return offer("It is not certain whether your PIN was set.", "Check again", checkStatus);
  }
}

async function pinStatus() {
  const response = await fetch("/my/pin-status", { cache: "no-store" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return (await response.json()).pinStatus;
}

set.addEventListener("click", () => {
  set.disabled = true;
  // The events report the outcome.
  pad.setPin().catch(() => {});
});

/** The next submit asks for a new control id. */
function restart() {
  again.hidden = true;
  pad.hidden = set.hidden = false;
  say("");
  pad.reset();
  pad.focus();
}

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

function offer(message, label, action) {
  end(message);
  again.textContent = label;
  again.onclick = action;
  again.hidden = false;
}

/** Now only the page shows messages, because the pad does not know what the back-end has found out. */
function end(message) {
  pad.hidden = set.hidden = again.hidden = true;
  say(message);
}

function say(message) {
  document.getElementById("message").textContent = message;
}
