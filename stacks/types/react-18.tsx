import type { CardPin } from "card-pin/react";
import { useEffect, useRef } from "react";

export function Pads() {
  const pad = useRef<CardPin>(null);
  useEffect(() => {
    if (pad.current) pad.current.controlIdProvider = async () => "token";
  }, []);
  return (
    <>
      <card-pin ref={pad} class="pad" lang="sv" tzpk-url="/pin/tzpk" set-url="/pin/set" min-length={4} />
      {/* @ts-expect-error React 18 would drop it */}
      <card-pin controlIdProvider={async () => "token"} />
      {/* @ts-expect-error React 18 would write it as minlength */}
      <card-pin minLength={4} />
      {/* @ts-expect-error React 18 does not listen */}
      <card-pin onpin_valid={() => {}} />
      {/* @ts-expect-error React 18 would write it as classname */}
      <card-pin className="pad" />
    </>
  );
}
