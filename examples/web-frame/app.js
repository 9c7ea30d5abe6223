// Enfuce's page in a frame: this page opens it, passes it the control id, and hears the outcome. It never gets a digit.

/** Agreed with Enfuce beforehand: it belongs to this site's origin. */
const FRAME_KEY = "example";

const button = document.getElementById("start");
const place = document.getElementById("pin-frame");

/** The open frame, and the only origin with which messages are exchanged. */
let open;

/**
 * Asks the back-end for a control id, which is valid for 30 seconds. The back-end authenticates the customer strongly and asks
 * Enfuce.
 */
async function newControl() {
  const response = await fetch("/my/pin-control", { method: "POST", cache: "no-store" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.json();
}

async function start() {
  close("One moment …");
  try {
    const { id, pinFrameURL } = await newControl();
    const address = new URL(pinFrameURL);
    address.searchParams.set("key", FRAME_KEY);
    const frame = document.createElement("iframe");
    frame.title = "Choose your PIN";
    frame.referrerPolicy = "no-referrer";
    frame.src = address.href;
    frame.addEventListener("load", () => {
      // The message only goes to this origin: another page in the frame would not get the control id.
      frame.contentWindow.postMessage({ operation: "set-pin", controlId: id }, address.origin);
      frame.focus();
    });
    open = { frame, origin: address.origin };
    place.append(frame);
    say("");
  } catch {
    offer("Your PIN could not be set.", "Try again", start);
  }
}

/** What the customer is told after a failure, and what is offered next. A page without codes only says that one happened. */
function onFailure({ code, retryable }) {
  switch (code) {
    case undefined:
    case "outcome_unknown":
      return checkStatus();
    case "not_allowed":
      return close("Please sign in again to set your PIN.");
    case "busy":
      return offer("Please wait a few minutes, then try again.", "Try again", start);
    default:
      if (retryable) return offer("Your PIN could not be set.", "Try again", start);
      return close("Your PIN could not be set. Please use another device, or contact your bank.");
  }
}

/** The PIN may be set: nothing is offered before the back-end has looked at the card's `pinStatus`. */
async function checkStatus() {
  close("It is not certain whether your PIN was set.");
  switch (await pinStatus().catch(() => undefined)) {
    case "S":
      return close("Your PIN is set.");
    case "W":
      return offer("Your PIN is not set yet.", "Try again", start);
    default:
      return offer("It is not certain whether your PIN was set.", "Check again", checkStatus);
  }
}

async function pinStatus() {
  const response = await fetch("/my/pin-status", { cache: "no-store" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return (await response.json()).pinStatus;
}

addEventListener("message", ({ source, origin, data }) => {
  if (!open || source !== open.frame.contentWindow || origin !== open.origin) return;
  switch (data?.event) {
    case "set_pin_success":
      close("Your PIN is set.");
      break;
    case "set_pin_error":
      onFailure(data);
      break;
  }
});

function offer(message, label, action) {
  close(message);
  button.textContent = label;
  button.onclick = action;
  button.hidden = false;
}

/** A frame that is removed ends its session and wipes it. */
function close(message) {
  open = undefined;
  place.replaceChildren();
  button.hidden = true;
  say(message);
}

function say(message) {
  document.getElementById("message").textContent = message;
}

button.onclick = start;
