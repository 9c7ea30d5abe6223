/** A vault that does what the test says, in the place of `vault-files.js`. It counts the digits, and does not know them. */

import { snapshot } from "./snapshot.js";

/** Every vault that was made since the last `forget`, oldest first. */
export const vaults = [];

/** Forgets all vaults, and what `load` has to do. */
export function forget() {
  vaults.length = 0;
  loading.failure = undefined;
  loading.never = loading.breaks = false;
}

/** What `load` does, for tests of vaults that cannot be loaded, or break off at the first message. */
export const loading = { failure: undefined, never: false, breaks: false };

export const vaultSource = (files) => ({
  files,
  start: () => new Worker("worker.js"),
  wasm: "core.wasm",
  load: async () => {
    if (loading.failure) throw loading.failure;
    if (loading.never) await new Promise(() => {});
    return (tell) => new FakeVault(tell).receive;
  },
});

export class FakeVault {
  taken = 0;
  session = snapshot();
  heard = [];
  open;
  isSilent = false;
  /** If set, the next message throws. */
  breaks = loading.breaks;
  #tell;

  constructor(tell) {
    this.#tell = tell;
    vaults.push(this);
  }

  receive = (message) => {
    if (this.breaks) throw new Error("unreachable");
    if (this.isSilent || message === "core.wasm") return;
    this.heard.push(typeof message === "object" && "press" in message ? "press" : message);
    if (message === "close") this.#tell({ closed: { code: null } });
    else if (message.open) {
      this.open = message.open;
      this.tellState();
    } else if (typeof message !== "object" || !("color" in message || message instanceof HTMLCanvasElement)) {
      this.taken += 1;
      this.#take(message);
      this.tellState();
    }
  };

  get views() {
    return this.open.operation === "view-pin";
  }

  tellState() {
    this.#tell({ state: { taken: this.taken, session: { ...this.session } } });
  }

  tell(message) {
    this.#tell(message);
  }

  /** The key pair, or with a control id the TZPK, is there. */
  becomeReady() {
    this.session.ready = true;
    this.session.requested = !this.views && this.open.controlId !== null;
    this.tellState();
  }

  ask() {
    this.#tell("ask");
  }

  refuse(code, reason = null) {
    this.session.refusals += 1;
    this.session.refused = code;
    this.session.reason = reason;
  }

  end(code, retryable = false) {
    this.session = snapshot({ ready: this.session.ready, stage: "ended", end: { code, retryable } });
    this.tellState();
  }

  arrive() {
    this.session.stage = "arrived";
    this.tellState();
  }

  #take(message) {
    const { session } = this;
    if (message === "reveal" && session.stage === "arrived") session.stage = "shown";
    if (session.stage !== "entry") return;
    if (typeof message === "object" && "press" in message) {
      session.digits += 1;
      if (session.step === "entry" && session.digits === 4) Object.assign(session, { step: "confirm", digits: 0 });
    } else if (message === "erase") session.digits = Math.max(0, session.digits - 1);
    else if (message === "clear") session.digits = 0;
    else if (message === "forget") Object.assign(session, { step: "entry", digits: 0, suggested: false });
    else if (message === "submit" || message === "advance") {
      if (this.views || session.valid) session.stage = "submitting";
      else if (message === "submit") this.refuse("too_short");
    }
    session.valid = session.step === "confirm" && session.digits === 4;
  }
}
