import "card-pin";
import type { CardPinElementEventMap } from "card-pin";
import { LitElement, html } from "lit";

async function askControlId(): Promise<string> {
  const response = await fetch("/my/control-id", { method: "POST" });
  if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
  return response.text();
}

/** A part of the app in which the customer chooses a PIN. The pad works inside a shadow root as anywhere else. */
class MyPin extends LitElement {
  static override properties = { digits: { state: true }, isSet: { state: true } };

  private digits = 0;
  private isSet = false;

  override render() {
    return html`
      <main>
        <card-pin
          tzpk-url="/pin/tzpk"
          set-url="/pin/set"
          .controlIdProvider=${async () => askControlId()}
          @pin_valid=${({ detail }: CardPinElementEventMap["pin_valid"]) => (this.digits = detail.digits)}
          @set_pin_success=${() => (this.isSet = true)}
        ></card-pin>
        <p role="status">${this.isSet ? "Your card is on its way." : `${this.digits} digits`}</p>
      </main>
    `;
  }
}

customElements.define("my-pin", MyPin);
