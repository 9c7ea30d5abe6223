import { component$, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import type { CardPin } from "card-pin";

async function askControlId(): Promise<string> {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
}

/**
 * Qwik serialises everything that it puts into the markup, and cannot serialise a function. So the provider and the listeners go
 * through a ref.
 */
export const PinStep = component$(() => {
  const ref = useSignal<CardPin>();
  const digits = useSignal(0);
  const isSet = useSignal(false);

  useVisibleTask$(() => {
    const pad = ref.value!;
    pad.controlIdProvider = askControlId;
    pad.addEventListener("pin_valid", ({ detail }) => (digits.value = detail.digits));
    pad.addEventListener("set_pin_success", () => (isSet.value = true));
  });

  return (
    <main>
      <card-pin ref={ref} tzpk-url="/pin/tzpk" set-url="/pin/set" />
      <p role="status">{isSet.value ? "Your card is on its way." : `${digits.value} digits`}</p>
    </main>
  );
});
