import { Component, CUSTOM_ELEMENTS_SCHEMA, signal } from "@angular/core";
import type { CardPinEventMap } from "card-pin";
import "card-pin";

@Component({
  selector: "pin-step",
  // The element is the browser's, and not a component.
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <card-pin
      tzpk-url="/pin/tzpk"
      set-url="/pin/set"
      [controlIdProvider]="askControlId"
      (pin_valid)="note($event)"
      (set_pin_success)="isSet.set(true)"
    ></card-pin>
    <p role="status">{{ isSet() ? "Your card is on its way." : digits() + " digits" }}</p>
  `,
})
export class PinStep {
  readonly digits = signal(0);
  readonly isSet = signal(false);

  /** The pad asks once both entries agree, because a control id is valid for 30 seconds. */
  readonly askControlId = async (): Promise<string> => {
    const response = await fetch("/my/control-id", { method: "POST" });
    if (!response.ok) throw new Error(`the back-end answered with ${response.status}`);
    return response.text();
  };

  note({ detail }: CardPinEventMap["pin_valid"]) {
    this.digits.set(detail.digits);
  }
}
