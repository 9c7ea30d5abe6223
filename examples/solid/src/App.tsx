import "card-pin/solid";
import { createSignal } from "solid-js";

async function askControlId(): Promise<string> {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
}

export function App() {
  const [digits, setDigits] = createSignal(0);
  const [isSet, setIsSet] = createSignal(false);
  return (
    <main>
      <card-pin
        tzpk-url="/pin/tzpk"
        set-url="/pin/set"
        prop:controlIdProvider={askControlId}
        on:pin_valid={({ detail }) => setDigits(detail.digits)}
        on:set_pin_success={() => setIsSet(true)}
      />
      <p role="status">{isSet() ? "Your card is on its way." : `${digits()} digits`}</p>
    </main>
  );
}
