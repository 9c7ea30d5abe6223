// @ts-check

/** A worker whose files are still on their way: what it is sent waits for them. It has what `vault-host.js` uses of a worker. */

import { bare, startWorker } from "./platform.js";

export class CheckedWorker {
  /** @type {((event: MessageEvent) => void) | null} */
  onmessage = null;
  /** @type {((event: Event) => void) | null} */
  onerror = null;
  /** @type {Worker | undefined} */
  #worker;
  /** @type {[unknown, Transferable[]][]} */
  #waiting = [];
  #isEnded = false;

  /** @param {Promise<{url: string}>} files where its script is; rejected with the code with which the session ends */
  constructor(files) {
    files.then(
      ({ url }) => this.#isEnded || this.#start(url),
      (code) => this.#isEnded || this.onmessage?.(new MessageEvent("message", bare({ data: { closed: { code } } }))),
    );
  }

  /** @param {unknown} message @param {Transferable[]} [transfer] */
  postMessage(message, transfer = []) {
    if (this.#worker) this.#worker.postMessage(message, transfer);
    else this.#waiting.push([message, transfer]);
  }

  terminate() {
    this.#isEnded = true;
    this.#worker?.terminate();
  }

  /** @param {string} url */
  #start(url) {
    try {
      const worker = (this.#worker = startWorker(url, "module"));
      worker.onmessage = (event) => this.onmessage?.(event);
      worker.onerror = (event) => this.onerror?.(event);
      for (const [message, transfer] of this.#waiting) worker.postMessage(message, transfer);
    } catch {
      this.onerror?.(new Event("error", bare({ cancelable: true })));
    }
  }
}
