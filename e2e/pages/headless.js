import { PinSession } from "./card-pin.js";

const urls = { tzpkUrl: "./tzpk", setUrl: "./set" };

/** A session whose events are kept, and one that never gets a control id unless told otherwise. */
window.open = (options = {}) => {
  const session = new PinSession({ controlIdProvider: () => new Promise(() => {}), ...urls, ...options });
  session.told = [];
  for (const name of ["ready", "pin_valid", "set_pin_validation_error", "set_pin_success", "set_pin_error"]) {
    session.addEventListener(name, ({ detail }) => session.told.push(detail));
  }
  return session;
};

/** The detail of the first event with this name. */
window.told = (session, name) =>
  new Promise((resolve) => {
    const before = session.told.find(({ event }) => event === name);
    if (before) resolve(before);
    session.addEventListener(name, ({ detail }) => resolve(detail));
  });

/** The code, or otherwise the message, of the error that a call throws or is rejected with. */
window.failure = async (call) => {
  try {
    await call();
    return "nothing";
  } catch (error) {
    return `${error.name}: ${error.code ?? error.message}`;
  }
};

/** The exports of a second copy of the module, as on a page with two bundles. */
window.secondCopy = () => import("./card-pin.js?second");

window.enter = (session, ...digits) => digits.forEach((digit) => session.press(digit));
window.PinSession = PinSession;
