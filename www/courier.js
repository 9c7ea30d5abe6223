// @ts-check

/** Carries out what the core asks for: a search in turns, requests, and messages to the page. */

/** @import {Vault} from "card-pin-wasm" */
/** @import {Ask, Outward, SessionEvent, Submitting, VaultConfig} from "./protocol.js" */

/** @typedef {{search: true}} Search the search for a key pair is to go on until it has ended */
/** @typedef {{post: "tzpk" | "set" | "view", body: string}} Post */
/** @typedef {Search | Post | Ask | Submitting | SessionEvent} Action */

/** @typedef {{status: number, body: Uint8Array | undefined}} Answer without a body where that is too large */

/** The largest answer that is read, in bytes: as in `src/wire.rs`, which takes no larger one either. */
const MAX_REPLY_BYTES = 64 * 1024;

export class Courier {
  /** @readonly the core */
  vault;
  #urls;
  #timeoutMs;
  #emit;
  /** Aborts the request under way: when its time is over, and when the session is closed. */
  #abort = new AbortController();
  #isClosed = false;

  /**
   * @param {Vault} vault
   * @param {VaultConfig} config
   * @param {(message: Outward) => void} emit
   */
  constructor(vault, { tzpkUrl, setUrl, viewUrl, timeoutMs }, emit) {
    this.vault = vault;
    this.#urls = { tzpk: tzpkUrl, set: setUrl, view: viewUrl };
    this.#timeoutMs = timeoutMs;
    this.#emit = emit;
  }

  /** Does what the core asks for by now, in order. What takes longer goes on by itself. */
  carryOut() {
    while (!this.#isClosed) {
      const line = this.vault.nextAction();
      if (line === undefined) return;
      // Without a prototype, so that nothing a script put on `Object.prototype` becomes an action.
      /** @type {Action} */
      const action = Object.assign(Object.create(null), JSON.parse(line));
      if ("search" in action) goOn(this.#search());
      else if ("post" in action) goOn(this.#post(action));
      else this.#tell(action);
    }
  }

  /** Has the core wiped, and gives up a request under way. The core is not called after this. */
  close() {
    this.#isClosed = true;
    this.vault.close();
    this.#abort.abort();
  }

  /** @param {Outward} message */
  #tell(message) {
    try {
      this.#emit(message);
    } catch {
      // What the receiver throws is the receiver's: it must not stop the session half-way.
    }
  }

  /** One candidate in each turn of the event loop, so that a digit, or the end, does not have to wait for all of them. */
  async #search() {
    const channel = globalThis.MessageChannel && new MessageChannel();
    do await (channel && turn(channel));
    while (!this.#isClosed && this.vault.searchKeyPair());
    channel?.port1.close();
    this.carryOut();
  }

  /** @param {Post} request */
  async #post({ post, body }) {
    let timedOut = false;
    const onTimeout = () => {
      timedOut = true;
      this.#abort.abort();
    };
    const timer = setTimeout(onTimeout, this.#timeoutMs);
    const room = new Uint8Array(MAX_REPLY_BYTES);
    const answer = await exchange(this.#urls[post], body, room, this.#abort.signal).catch(() => undefined);
    clearTimeout(timer);
    if (!this.#isClosed) {
      if (answer) this.vault.answered(answer.status, answer.body);
      else this.vault.unanswered(timedOut);
    }
    // Whatever came of it, an account number may be in it, and the core has a copy of its own.
    room.fill(0);
    this.carryOut();
  }
}

/**
 * A core that breaks off breaks the worker, of which the page hears; a promise would keep it to itself.
 * @param {Promise<void>} work
 */
function goOn(work) {
  work.catch((failure) => queueMicrotask(() => { throw failure; }));
}

/**
 * Lets the event loop run once, by a message to oneself: a timer would be held back by four milliseconds each.
 * @param {MessageChannel} channel held by the caller, so that no engine collects a port with the message on its way to it
 */
const turn = ({ port1, port2 }) =>
  new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  });

/**
 * Posts a JSON `body`: no cookies, no referrer, no cache, no redirects.
 * @param {string} url
 * @param {string} body
 * @param {Uint8Array} room for the answer
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>} rejected where the answer does not come in full
 */
async function exchange(url, body, room, signal) {
  const options = Object.assign(Object.create(null), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body,
    credentials: "omit",
    referrerPolicy: "no-referrer",
    cache: "no-store",
    redirect: "error",
    signal,
  });
  const response = await fetch(url, options);
  return { status: response.status, body: await read(response, room) };
}

/**
 * @param {Response} response
 * @param {Uint8Array} room
 * @returns {Promise<Uint8Array | undefined>} the body, in the room; `undefined` as soon as there is none for more
 */
async function read(response, room) {
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) return room.subarray(0, length);
    if (length + chunk.value.length > room.length) {
      // Nothing waits for the rest, nor for the outcome of giving it up.
      reader?.cancel().catch(() => {});
      return undefined;
    }
    room.set(chunk.value, length);
    length += chunk.value.length;
  }
}
