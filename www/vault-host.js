// @ts-check

/** Starts a vault: in a dedicated worker, or on the page where none can be started. */

import { readOutward } from "./protocol.js";

/** @import {VaultSource} from "./vault-files.js" */
/** @import {Inward, Open, Outward, VaultConfig} from "./protocol.js" */

/** @typedef {{crashed: true} | {restarted: true}} FromHost what no vault says: it is gone, or another stands in its place */

/** How long a vault may take to wipe itself, in milliseconds, before its worker is ended all the same. */
const CLOSING_MS = 1000;
/** What has to come over the network, one after the other, before a session is open: the worker's script and the core. */
const LOADS = 2;

/** @type {{createScriptURL(url: string): any} | undefined} */
let scriptUrls;

/**
 * A script's address in the form that `new Worker` takes under `require-trusted-types-for 'script'`.
 * @param {string} url
 */
function trusted(url) {
  const trustedTypes = /** @type {any} */ (globalThis).trustedTypes;
  scriptUrls ??= trustedTypes?.createPolicy("card-pin", { createScriptURL: (/** @type {string} */ own) => own });
  return scriptUrls ? scriptUrls.createScriptURL(url) : url;
}

export class VaultHost {
  /** @type {"worker" | "page"} where the vault runs */
  isolation = "worker";
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Promise<(data: unknown) => void> | undefined} the vault on the page */
  #onPage;
  #source;
  /** @type {Open} */
  #open;
  #canvas;
  #receive;
  #loading;
  #started = false;
  #closing = false;

  /**
   * @param {VaultSource} source
   * @param {VaultConfig} config
   * @param {HTMLCanvasElement | undefined} canvas where a PIN to be viewed is drawn
   * @param {(message: Outward | FromHost) => void} receive
   */
  constructor(source, config, canvas, receive) {
    this.#source = source;
    this.#open = { do: "open", config, wasm: source.wasm };
    this.#canvas = canvas;
    this.#receive = receive;
    this.#loading = setTimeout(() => this.#fail("timeout"), LOADS * config.timeoutMs);
    addEventListener("pagehide", this.#onPageHide);
    document.addEventListener("visibilitychange", this.#onVisibilityChange);
    try {
      if (canvas && !canvas.transferControlToOffscreen) throw new Error("a worker could not draw");
      this.#startWorker();
    } catch {
      this.#startOnPage();
    }
  }

  /** @param {Inward} message */
  post(message) {
    if (this.#closing) return;
    this.#worker?.postMessage(message);
    this.#onPage?.then((pass) => pass(message), () => {});
  }

  /** Has the vault wiped, and ends its worker. Nothing is received after this. */
  close() {
    if (this.#closing) return;
    this.post({ do: "close" });
    this.#closing = true;
    clearTimeout(this.#loading);
    setTimeout(() => this.#end(), CLOSING_MS);
  }

  #end() {
    removeEventListener("pagehide", this.#onPageHide);
    document.removeEventListener("visibilitychange", this.#onVisibilityChange);
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  /**
   * A page that is left may be kept, for the way back, with all that its workers hold. So the vault is ended at once, and a
   * page that does come back finds its session over.
   * @param {PageTransitionEvent} event
   */
  #onPageHide = ({ persisted }) => {
    this.#end();
    if (persisted && !this.#closing) this.#receive({ crashed: true });
  };

  /** Digits do not wait in the background for a customer who may not come back. */
  #onVisibilityChange = () => {
    if (document.hidden) this.post({ do: "forget" });
  };

  /** @param {"network" | "timeout"} code why there is no vault */
  #fail(code) {
    if (!this.#closing) this.#receive({ event: this.#canvas ? "view_pin_error" : "set_pin_error", code, retryable: true });
  }

  #startWorker() {
    // Without a prototype, so that nothing a script put on `Object.prototype` becomes an option.
    const options = Object.assign(Object.create(null), { type: this.#source.workerType, name: "card-pin" });
    const worker = new Worker(trusted(this.#source.workerUrl()), options);
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      const message = readOutward(data);
      if (!message) return;
      if ("started" in message) this.#onStarted(worker);
      else if (this.#closing) "closed" in message && this.#end();
      else this.#pass(message);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      this.#worker = undefined;
      if (this.#closing) return;
      if (this.#started) this.#receive({ crashed: true });
      else this.#startOnPage();
    };
    worker.postMessage(this.#open);
  }

  /** @param {Outward} message */
  #pass(message) {
    if ("opened" in message) clearTimeout(this.#loading);
    else if (!this.#closing) this.#receive(message);
  }

  /**
   * A canvas goes to the worker for good, so it is only given to one that runs.
   * @param {Worker} worker
   */
  #onStarted(worker) {
    if (this.#started) return;
    this.#started = true;
    if (!this.#canvas) return;
    const { color } = getComputedStyle(this.#canvas);
    const canvas = this.#canvas.transferControlToOffscreen();
    worker.postMessage({ do: "canvas", canvas, color }, [canvas]);
  }

  /**
   * What was passed on before the worker turned out not to start is gone with it: nothing on the page kept digits, and the
   * customer begins again.
   */
  #startOnPage() {
    this.isolation = "page";
    this.#onPage = this.#source.load().then(({ makeVault }) =>
      makeVault((/** @type {Outward} */ data) => {
        const message = readOutward(data);
        if (message) this.#pass(message);
      }),
    );
    this.#onPage.catch(() => this.#fail("network"));
    this.post(this.#open);
    if (this.#canvas) {
      this.post({ do: "canvas", canvas: this.#canvas, color: getComputedStyle(this.#canvas).color });
    }
    this.#receive({ restarted: true });
  }
}
