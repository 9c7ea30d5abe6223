// @ts-check

/** The vault of `card-pin/mock`, in the place of `vault-files.js`. It answers like the real one, and sends nothing. */

import { MockEntry } from "./mock-entry.js";

/** @import {Open} from "./protocol.d.ts" */

/** The codes after which a new control id does not help: as in `src/error.rs`. */
export const FINAL = [
  ...["outcome_unknown", "rejected", "entropy_unavailable", "not_allowed"],
  ...["isolation_unavailable", "vault_missing", "wasm_unavailable"],
];
/** The codes that end a session before anything can be typed. */
const AT_START = ["entropy_unavailable", "isolation_unavailable", "vault_missing", "wasm_unavailable"];
/** The PIN that is viewed, or suggested. */
const PIN = [4, 8, 2, 6];
/** How long a PIN is shown, in milliseconds. */
const SHOWN_MS = 30_000;

/** The newest session's vault. @type {MockVault | undefined} */
let newest;

/** The behaviour of the stand-in. A test changes it, and `reset` changes it back. */
const controls = {
  /** How sessions end: by this code, or `null` for a success. @type {string | null} */
  outcome: null,
  /** The rule for which a first entry is refused as easily guessed, or `null`. @type {string | null} */
  weak: null,
  /** How long a submit takes, in milliseconds; `Infinity`: until the session is closed. */
  delayMs: 0,
  /** Types digits in the newest session, as a customer does. @param {string} digits */
  enter(digits) {
    if (!newest) throw new Error("no session runs yet: wait for its event ready");
    for (const digit of digits) newest.press(Number(digit));
  },
  reset() {
    Object.assign(controls, { outcome: null, weak: null, delayMs: 0 });
  },
};

/** Test runners load a module anew for each file: all of them have the same controls. @type {typeof controls} */
export const mock = (/** @type {any} */ (globalThis)[Symbol.for("card-pin.mock")] ??= controls);

/** @returns {import("./vault-files.js").VaultSource} */
export const vaultSource = () => ({
  start: () => /** @type {any} */ (new MockWorker()),
  wasm: "",
  load: async () => (tell) => new MockVault((message) => later(() => tell(message))).receive,
});

/** Runs in a separate turn that a test runner's mocked clock does not delay. @param {() => void} act */
const later = (act) => void Promise.resolve().then(act);

class MockWorker {
  /** @type {((event: {data: unknown}) => void) | null} */
  onmessage = null;
  #isEnded = false;
  #vault = new MockVault((data) => later(() => this.#isEnded || this.onmessage?.({ data })));

  /** @param {unknown} message */
  postMessage(message) {
    later(() => this.#vault.receive(message));
  }

  terminate() {
    this.#isEnded = true;
  }
}

class MockVault {
  #tell;
  /** @type {Open | undefined} */
  #open;
  /** @type {MockEntry | undefined} */
  #entry;
  #taken = 0;
  /** @type {OffscreenCanvas | undefined} */
  #canvas;
  #color = "black";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {any} */
  #session = {
    ...{ stage: "entry", ready: false, step: "entry", digits: 0, valid: false, refusals: 0, refused: null, reason: null },
    ...{ waitsSeconds: null, requested: false, sent: false, checking: false, suggested: false, end: null },
  };

  /** @param {(message: any) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {any} message a message from the page */
  receive = (message) => {
    if (message === "close") this.#close();
    else if (message.open) this.#start(message.open);
    else if (typeof OffscreenCanvas === "function" && message instanceof OffscreenCanvas) this.#canvas = message;
    else if (message.color) this.#color = message.color;
    else if (typeof message === "string" ? message !== "" : "press" in message || "controlId" in message) {
      this.#taken += 1;
      this.#take(message);
      this.#tellState();
    }
    this.#draw();
  };

  /** @param {number} digit */
  press(digit) {
    this.#take({ press: digit });
    this.#tellState();
  }

  #close() {
    clearTimeout(this.#timer);
    if (newest === this) newest = undefined;
    this.#tell({ closed: { code: null } });
  }

  /** @param {Open} open */
  #start(open) {
    newest = this;
    this.#open = open;
    this.#entry = new MockEntry(open, () => mock.weak !== null && open.weakPin === "reject");
    this.#tellState();
    later(() => {
      if (AT_START.includes(String(mock.outcome))) this.#end(mock.outcome);
      else Object.assign(this.#session, { ready: true, requested: open.operation === "set-pin" && open.controlId !== null });
      this.#tellState();
    });
  }

  /** @param {any} message */
  #take(message) {
    const { stage, suggested } = this.#session;
    if (message === "spell" && (stage === "shown" || suggested)) this.#spell();
    else if (message === "reveal" && stage === "arrived") this.#show();
    else if (stage === "submitting" && message.controlId !== undefined) this.#answer(message.controlId);
    else if (stage === "entry" && message !== "ping") this.#edit(message);
  }

  /** @param {any} message */
  #edit(message) {
    const entry = /** @type {MockEntry} */ (this.#entry);
    this.#session.suggested = message === "suggest";
    /** @type {string | undefined} */
    let refused;
    if (message.press !== undefined) refused = entry.press(message.press);
    else if (message === "erase") entry.erase();
    else if (message === "clear") entry.clear();
    else if (message === "forget" || message === "suggest") entry.forget();
    else if (message === "confirm") refused = entry.confirm();
    else if (message === "submit") this.#submit(entry.finish());
    else if (message === "advance" && entry.digits > 0) this.#submit(entry.advance());
    if (refused !== undefined) this.#refuse(refused);
    this.#count();
  }

  /** The part of the state that describes the entry. */
  #count() {
    const { digits, step, isValid } = /** @type {MockEntry} */ (this.#entry);
    Object.assign(this.#session, { digits, step, valid: isValid });
  }

  /** @param {string} code */
  #refuse(code) {
    const reason = code === "weak_pin" ? mock.weak : null;
    Object.assign(this.#session, { refusals: this.#session.refusals + 1, refused: code, reason });
  }

  /** @param {string | undefined} fault of the entry */
  #submit(fault) {
    const { operation, controlId } = /** @type {Open} */ (this.#open);
    if (fault === "goes on") return;
    if (fault !== undefined && operation === "set-pin") return this.#refuse(fault);
    this.#session.stage = "submitting";
    this.#entry?.forget();
    if (controlId === null) later(() => this.#tell("ask"));
    else this.#answer(controlId);
  }

  /** @param {string | null} controlId */
  #answer(controlId) {
    this.#session.requested = controlId !== null;
    this.#session.sent = controlId !== null && this.#open?.operation === "set-pin";
    const answer = () => {
      const code = controlId === null ? "control_id_unavailable" : mock.outcome;
      if (code === null && this.#open?.operation === "view-pin") this.#session.stage = "arrived";
      else this.#end(code);
      this.#tellState();
    };
    if (mock.delayMs === 0) later(answer);
    else if (mock.delayMs !== Infinity) this.#timer = setTimeout(answer, mock.delayMs);
  }

  #show() {
    this.#session.stage = "shown";
    this.#timer = setTimeout(() => {
      this.#end(null);
      this.#tellState();
    }, SHOWN_MS);
  }

  #spell() {
    [...PIN, null].forEach((digit, place) => this.#tell({ spell: { digit, place } }));
  }

  /** @param {string | null} code */
  #end(code) {
    const end = { code, retryable: code !== null && !FINAL.includes(code) };
    Object.assign(this.#session, { stage: "ended", end, digits: 0, valid: false, suggested: false });
  }

  #draw() {
    const context = this.#canvas?.getContext("2d");
    if (!context || !this.#canvas) return;
    const { width, height } = this.#canvas;
    context.clearRect(0, 0, width, height);
    if (this.#session.stage !== "shown" && !this.#session.suggested) return;
    Object.assign(context, { fillStyle: this.#color, font: `${height / 2}px sans-serif`, textAlign: "center", textBaseline: "middle" });
    context.fillText(PIN.join(" "), width / 2, height / 2);
  }

  #tellState() {
    this.#tell({ state: { taken: this.#taken, session: { ...this.#session } } });
  }
}
