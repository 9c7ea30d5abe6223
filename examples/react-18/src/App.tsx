import type { CardPin, CardPinEventMap } from "card-pin/react";
import "card-pin";
import { useEffect, useRef, useState } from "react";

async function askControlId(): Promise<string> {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
}

/** React 18 only passes text to an element of the browser, so the provider and the listeners go through a ref. */
export function App() {
  const ref = useRef<CardPin>(null);
  const [digits, setDigits] = useState(0);
  const [isSet, setIsSet] = useState(false);

  useEffect(() => {
    const pad = ref.current!;
    const onValid = ({ detail }: CardPinEventMap["pin_valid"]) => setDigits(detail.digits);
    const onSuccess = () => setIsSet(true);
    pad.controlIdProvider = askControlId;
    pad.addEventListener("pin_valid", onValid);
    pad.addEventListener("set_pin_success", onSuccess);
    return () => {
      pad.removeEventListener("pin_valid", onValid);
      pad.removeEventListener("set_pin_success", onSuccess);
    };
  }, []);

  return (
    <main>
      <card-pin ref={ref} tzpk-url="/pin/tzpk" set-url="/pin/set" />
      <p role="status">{isSet ? "Your card is on its way." : `${digits} digits`}</p>
    </main>
  );
}
