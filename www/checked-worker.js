// @ts-check

/** A worker whose files are still being loaded: messages to it wait for them. It has the members of a worker that `vault-host.js` uses. */

import { bare, startWorker } from "./platform.js";

/**
 * The files of a vault, checked.
 * @typedef {object} CheckedFiles
 * @property {string} url from which the worker's script can be started
 * @property {Uint8Array<ArrayBuffer>} core
 */

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

  /** @param {Promise<CheckedFiles>} files rejected with the code with which the session ends */
  constructor(files) {
    files.then(
      (checked) => this.#isEnded || this.#start(checked),
      (code) => this.#isEnded || this.onmessage?.(new MessageEvent("message", bare({ data: { closed: { code } } }))),
    );
  }

  /** The first message is the address of the core, which is replaced by the core itself. @param {unknown} message @param {Transferable[]} [transfer] */
  postMessage(message, transfer = []) {
    if (this.#worker) this.#worker.postMessage(message, transfer);
    else this.#waiting.push([message, transfer]);
  }

  terminate() {
    this.#isEnded = true;
    this.#waiting = [];
    this.#worker?.terminate();
  }

  /** @param {CheckedFiles} files */
  #start({ url, core }) {
    try {
      const worker = (this.#worker = startWorker(url, "module"));
      worker.onmessage = (event) => this.onmessage?.(event);
      worker.onerror = (event) => this.onerror?.(event);
      worker.postMessage(core);
      // Digits that were typed meanwhile are among them, and are not kept.
      const [, ...waiting] = this.#waiting;
      this.#waiting = [];
      for (const [message, transfer] of waiting) worker.postMessage(message, transfer);
    } catch {
      this.onerror?.(new Event("error", bare({ cancelable: true })));
    }
  }
}
