import { CardPin, CardPinError, PinSession } from "card-pin";
import type { CardPinEventMap, ControlIdProvider, SessionErrorCode } from "card-pin";

const controlIdProvider: ControlIdProvider = async () => "token";
const addresses = { tzpkUrl: "/pin/tzpk", setUrl: "/pin/set" };

const pad: CardPin = document.createElement("card-pin");
Object.assign(pad, addresses);
pad.minLength = 4;
pad.maxLength = "6";
pad.timeoutMs = 5000;
pad.keySize = 3072;
pad.pinBlockFormats = [1, 4];
pad.confirm = null;
pad.minLength satisfies string | null;
// @ts-expect-error it is on or off
pad.confirm = true;
// @ts-expect-error there is no such size
pad.keySize = 1024;
// @ts-expect-error there is no such format
pad.pinBlockFormats = [2];
// @ts-expect-error a provider gives text
pad.controlIdProvider = async () => ({ id: "token" });

const onError = ({ detail }: CardPinEventMap["set_pin_error"]) => detail.code satisfies SessionErrorCode;
pad.addEventListener("set_pin_error", onError);
pad.removeEventListener("set_pin_error", onError);
pad.addEventListener("submitting", ({ detail }) => detail.event satisfies "submitting");
pad.addEventListener("hidden", ({ detail }) => detail.event satisfies "hidden");
pad.addEventListener("cancel", (event) => event.preventDefault());
pad.addEventListener("ready", ({ detail }) => detail.isolation satisfies "worker" | "page");
pad.addEventListener("click", ({ clientX }) => clientX satisfies number);
pad.addEventListener("something-else", (event) => event satisfies Event);
pad.addEventListener("set_pin_error", ({ detail }) => {
  // @ts-expect-error there is no such code
  return detail.code === "declined";
});

document.addEventListener("set_pin_error", ({ detail }) => detail.retryable satisfies boolean);
window.addEventListener("pin_valid", ({ detail }) => detail.step satisfies "entry" | "confirm");
addEventListener("set_pin_validation_error", ({ detail }) => detail.reason);
// Event names that other elements may use keep their types.
document.addEventListener("ready", (event) => {
  // @ts-expect-error it may be any element's
  event.detail;
});
document.createElement("dialog").addEventListener("cancel", (event) => {
  // @ts-expect-error a dialog's event has none
  event.detail;
});
document.createElement("div").addEventListener("ready", (event) => {
  // @ts-expect-error a div's event has none
  event.detail;
});

const session = new PinSession({ ...addresses, controlId: "token", minLength: 4 });
session.addEventListener("spell", ({ detail }) => detail.place satisfies number);
session.press(4);
// @ts-expect-error a digit is a number
session.press("4");
// @ts-expect-error the PIN cannot be read
session.pin;
// @ts-expect-error there is neither a control id nor a provider
new PinSession(addresses);
// @ts-expect-error there are both
new PinSession({ ...addresses, controlId: "token", controlIdProvider });
// @ts-expect-error the addresses are missing
new PinSession({ controlId: "token" });
// @ts-expect-error a length is a number
new PinSession({ ...addresses, controlIdProvider, minLength: "4" });
// @ts-expect-error a PIN has to be drawn somewhere
new PinSession({ operation: "view-pin", controlId: "token", viewUrl: "/pin/view" });
new PinSession({ operation: "view-pin", controlIdProvider, viewUrl: "/pin/view", canvas: document.createElement("canvas") });

const error = new CardPinError("network", true);
error.code satisfies string;
// @ts-expect-error there is no such code
new CardPinError("declined");
// @ts-expect-error it has a code
new CardPinError();
