import { PinSession } from "card-pin";

// @ts-expect-error the addresses are missing
new PinSession({ controlId: "token" });
// @ts-expect-error a digit is a number
new PinSession({ controlId: "token", tzpkUrl: "/", setUrl: "/" }).press("4");
// @ts-expect-error there is no way to the PIN
new PinSession({ controlId: "token", tzpkUrl: "/", setUrl: "/" }).pin;
// @ts-expect-error a PIN has to be drawn somewhere
new PinSession({ operation: "view-pin", controlId: "token", viewUrl: "/" });
