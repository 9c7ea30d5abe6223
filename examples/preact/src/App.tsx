import "card-pin/preact";
import { useState } from "preact/hooks";

async function askControlId(): Promise<string> {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
}

export function App() {
  const [digits, setDigits] = useState(0);
  const [isSet, setIsSet] = useState(false);
  return (
    <main>
      <card-pin
        tzpk-url="/pin/tzpk"
        set-url="/pin/set"
        // A new function at each render is fine: the newest is asked, once both entries agree.
        controlIdProvider={async () => askControlId()}
        onpin_valid={({ detail }) => setDigits(detail.digits)}
        onset_pin_success={() => setIsSet(true)}
      />
      <p role="status">{isSet ? "Your card is on its way." : `${digits} digits`}</p>
    </main>
  );
}
