import type { CardPin } from "card-pin/solid";

export function Pads() {
  let pad: CardPin | undefined;
  return (
    <>
      <card-pin
        ref={pad}
        class="pad"
        tzpk-url="/pin/tzpk"
        set-url="/pin/set"
        min-length={4}
        prop:maxLength={6}
        prop:controlIdProvider={async () => "token"}
        on:pin_valid={({ detail }) => detail.digits satisfies number}
        on:set_pin_error={({ detail }) => detail.retryable satisfies boolean}
      />
      {/* @ts-expect-error it is on or off */}
      <card-pin confirm={false} />
      {/* @ts-expect-error a provider gives text */}
      <card-pin prop:controlIdProvider={async () => ({ id: "token" })} />
      {/* @ts-expect-error Solid would write it in lower case */}
      <card-pin controlIdProvider={async () => "token"} />
      {/* @ts-expect-error Solid would write it in lower case */}
      <card-pin setUrl="/pin/set" />
      {/* @ts-expect-error there is no such property */}
      <card-pin minlenght={4} />
    </>
  );
}
