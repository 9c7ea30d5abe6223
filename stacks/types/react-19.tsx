import type { CardPin } from "card-pin/react";
import { useRef } from "react";

export function Pads() {
  const pad = useRef<CardPin>(null);
  const ask = async () => "token";
  return (
    <>
      <card-pin ref={pad} className="pad" lang="sv" tzpk-url="/pin/tzpk" setUrl="/pin/set" min-length={4} maxLength={6} />
      <card-pin
        controlIdProvider={ask}
        pinRules={{ birthDate: "1987-04-23" }}
        onpin_valid={({ detail }) => detail.digits satisfies number}
        onset_pin_error={({ detail }) => detail.retryable satisfies boolean}
        onsubmitting={({ detail }) => detail.event}
        oncancel={(event) => event.preventDefault()}
      />
      {/* @ts-expect-error it is on or off */}
      <card-pin confirm={false} />
      {/* @ts-expect-error there is no such keypad */}
      <card-pin keypad="random" />
      {/* @ts-expect-error it is min-length or minLength */}
      <card-pin min-lenght={4} minlenght={4} />
      {/* @ts-expect-error a provider gives text */}
      <card-pin controlIdProvider={async () => ({ id: "token" })} />
      {/* @ts-expect-error a div has no such listener */}
      <div onpin_valid={() => {}} />
    </>
  );
}
