// Enfuce's page in a frame: this page opens it, tells it the control id, and hears how it went. No digit comes here.

/** Agreed with Enfuce beforehand: it belongs to this site's origin. */
const FRAME_KEY = "example";

const button = document.getElementById("start");
const place = document.getElementById("pin-frame");

/** The frame that is open, and the one origin that is spoken with. */
let open;

/** Asks the back-end, which authenticates the customer strongly and asks Enfuce, for a control id: good for 30 seconds. */
async function newControl() {
  const response = await fetch("/my/pin-control", { method: "POST", cache: "no-store" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.json();
}

async function start() {
  close("One moment …");
  button.disabled = true;
  try {
    const { id, pinFrameURL } = await newControl();
    const address = new URL(pinFrameURL);
    address.searchParams.set("key", FRAME_KEY);
    const frame = document.createElement("iframe");
    frame.title = "Choose your PIN";
    frame.referrerPolicy = "no-referrer";
    frame.src = address.href;
    frame.addEventListener("load", () => {
      // To that origin alone: were another page there, it would not get the control id.
      frame.contentWindow.postMessage({ operation: "set-pin", controlId: id }, address.origin);
      frame.focus();
    });
    open = { frame, origin: address.origin };
    place.append(frame);
    say("");
  } catch {
    offer("That did not work. Please try again.");
  }
}

addEventListener("message", ({ source, origin, data }) => {
  if (!open || source !== open.frame.contentWindow || origin !== open.origin) return;
  switch (data?.event) {
    case "set_pin_success":
      close("Your PIN is set.");
      button.hidden = true;
      break;
    case "set_pin_error":
      // Every start has a new control id. The back-end gives none where the PIN turned out to be set (`pinStatus`).
      offer("Your PIN could not be set. Please try again.");
      break;
  }
});

function offer(message) {
  close(message);
  button.textContent = "Try again";
  button.disabled = false;
}

/** A frame that is gone has ended its session, and wiped it. */
function close(message) {
  open = undefined;
  place.replaceChildren();
  say(message);
}

function say(message) {
  document.getElementById("message").textContent = message;
}

button.addEventListener("click", start);
