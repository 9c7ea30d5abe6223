import type { CardPin } from "card-pin/preact";
import { createRef } from "preact";

export function Pads() {
  const pad = createRef<CardPin>();
  return (
    <>
      <card-pin
        ref={pad}
        class="pad"
        tzpk-url="/pin/tzpk"
        setUrl="/pin/set"
        min-length={4}
        maxLength={6}
        controlIdProvider={async () => "token"}
        onpin_valid={({ detail }) => detail.digits satisfies number}
        onset_pin_error={({ detail }) => detail.retryable satisfies boolean}
      />
      {/* @ts-expect-error it is on or off */}
      <card-pin confirm={false} />
      {/* @ts-expect-error a provider gives text */}
      <card-pin controlIdProvider={async () => ({ id: "token" })} />
      {/* @ts-expect-error there is no such property */}
      <card-pin minlenght={4} />
    </>
  );
}
