// @ts-check

/** Starts a vault: in a dedicated worker, or on the page where none can be started. */

/** @import {VaultSource} from "./vault-files.js" */
/** @import {Inward, Open, Outward, VaultConfig} from "./protocol.js" */

/** How long a vault may take to wipe itself, in milliseconds, before its worker is ended all the same. */
const CLOSING_MS = 1000;

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
  /** @type {Promise<(message: Inward) => void> | undefined} the vault on the page */
  #onPage;
  #source;
  /** @type {Open} */
  #open;
  #receive;
  #started = false;
  #closing = false;

  /**
   * @param {VaultSource} source
   * @param {VaultConfig} config
   * @param {(message: Outward | {crashed: true}) => void} receive
   */
  constructor(source, config, receive) {
    this.#source = source;
    this.#open = { do: "open", config, wasm: source.wasm };
    this.#receive = receive;
    try {
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
    const worker = this.#worker;
    setTimeout(() => worker?.terminate(), CLOSING_MS);
  }

  #startWorker() {
    const worker = new Worker(trusted(this.#source.workerUrl()), { type: this.#source.workerType, name: "card-pin" });
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      if (data.started) this.#started = true;
      else if (data.closed) worker.terminate();
      else if (!this.#closing) this.#receive(data);
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

  /**
   * Digits that were pressed before the worker turned out not to start are gone with it: nothing on the page kept
   * them, and the customer begins again.
   */
  #startOnPage() {
    this.isolation = "page";
    this.#onPage = this.#source.load().then(({ makeVault }) =>
      makeVault((/** @type {Outward} */ message) => {
        if (!this.#closing) this.#receive(message);
      }),
    );
    this.#onPage.catch(() => this.#receive({ event: "set_pin_error", code: "network", retryable: true }));
    this.post(this.#open);
    this.#receive({ event: "pin_valid", pin_valid: false, digits: 0, step: "entry" });
  }
}
