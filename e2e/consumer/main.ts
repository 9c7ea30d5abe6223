import { CardPin, CardPinError, PinSession } from "card-pin";
import type { ControlIdProvider, PinSessionOptions } from "card-pin";

const controlIdProvider: ControlIdProvider = async () => {
  const answer: { id: string } = await (await fetch("/my/pin-control", { method: "POST" })).json();
  return answer.id;
};

const pad: CardPin = document.createElement("card-pin");
pad.tzpkUrl = "/pin/tzpk";
pad.setUrl = "/pin/set";
pad.controlIdProvider = controlIdProvider;
pad.addEventListener("pin_valid", ({ detail }) => console.debug(detail.step satisfies "entry" | "confirm", detail.digits));
pad.addEventListener("set_pin_error", ({ detail }) => {
  if (detail.code === "wasm_unavailable") location.assign("/enfuce");
});
document.body.append(pad);

/** Never called: only its types are looked at. */
export async function withoutPad(): Promise<boolean> {
  const options: PinSessionOptions = { controlIdProvider, tzpkUrl: "/pin/tzpk", setUrl: "/pin/set", keySize: 3072 };
  const session = new PinSession(options);
  session.addEventListener("ready", ({ detail }) => console.debug(detail.isolation));
  session.press(4);
  try {
    await session.setPin();
    return true;
  } catch (error) {
    return !(error instanceof CardPinError) || error.retryable;
  }
}
