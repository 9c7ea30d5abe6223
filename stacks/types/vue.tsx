import type {} from "card-pin/vue";

export const pads = () => [
  <card-pin
    class="pad"
    tzpk-url="/pin/tzpk"
    setUrl="/pin/set"
    min-length={4}
    controlIdProvider={async () => "token"}
    onPin_valid={({ detail }) => detail.digits satisfies number}
  />,
  // @ts-expect-error it is on or off
  <card-pin confirm={false} />,
  // @ts-expect-error a provider gives text
  <card-pin controlIdProvider={async () => ({ id: "token" })} />,
];
