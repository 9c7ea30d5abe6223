// @ts-check

/**
 * Runs the vault: in a dedicated worker, or on the page if none can be started. It passes messages on without knowing their
 * meaning for the session.
 */

import { hint } from "./hint.js";
import { readOutward } from "./outward.js";
import { canDraw } from "./platform.js";

/** @import {Settings} from "./options.js" */
/** @import {Inward, Outward} from "./protocol.d.ts" */

/**
 * @typedef {object} Listener
 * @property {(message: Outward) => void} told
 * @property {() => void} restarted the worker did not start, and a vault on the page replaces it
 * @property {() => void} lost the vault broke off
 * @property {(code: string) => void} failed the vault could not be started
 */

/** How long a vault may take to wipe itself, in milliseconds, before its worker is ended nevertheless. */
const CLOSING_MS = 1000;
/** How long a page that is left waits for that, in milliseconds, and how often it reads the clock at most. */
const LEAVING_MS = 20;
const MAX_LOOKS = 1_000_000;

export class VaultHost {
  /** @type {"worker" | "page"} */
  isolation = "worker";
  #settings;
  #canvas;
  #listener;
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Promise<(message: unknown) => void> | undefined} the vault on the page */
  #onPage;
  #color = "";
  #hasSpoken = false;
  /** Whether a PIN is drawn in this session. */
  #draws = false;
  /** Whether the canvas was passed to a worker, which cannot be undone. */
  #isCanvasGone = false;
  /** Whether the canvas came later, so that another can come. */
  #mayGetCanvas = false;
  #isClosing = false;

  /**
   * @param {Settings} settings
   * @param {HTMLCanvasElement | undefined} canvas the canvas on which a PIN is drawn
   * @param {Listener} listener is only called in later turns
   */
  constructor(settings, canvas, listener) {
    this.#settings = settings;
    this.#canvas = canvas;
    this.#listener = listener;
    this.#start();
  }

  /** Whether another vault can replace this one. If its worker has the canvas, that takes another canvas. */
  get canRestart() {
    return !this.#isCanvasGone || this.#mayGetCanvas;
  }

  /** Starts another vault after one broke off. */
  restart() {
    this.#worker?.terminate();
    this.#worker = this.#onPage = undefined;
    this.#hasSpoken = this.#draws = false;
    if (this.#isCanvasGone) this.#canvas = undefined;
    this.#isCanvasGone = false;
    this.#color = "";
    this.#start();
  }

  /** @param {Inward} message */
  post(message) {
    if (this.#isClosing) return;
    if (message === "reveal" || message === "suggest") {
      this.#draws = true;
      this.#giveCanvas();
    }
    this.#send(message);
  }

  /** @param {HTMLCanvasElement} canvas the canvas for a PIN from now on */
  useCanvas(canvas) {
    this.#canvas = canvas;
    this.#mayGetCanvas = true;
    this.#giveCanvas();
  }

  /** Draws a shown PIN in the page's current colour, which may change with the daylight. */
  paint() {
    if (!this.#canvas || this.#isClosing) return;
    const { color } = getComputedStyle(this.#canvas);
    if (color === this.#color) return;
    this.#color = color;
    this.#send({ color });
  }

  /** Wipes the vault, and then ends its worker. It sends no message after this. */
  close() {
    if (this.#isClosing) return;
    this.#send("close");
    this.#isClosing = true;
    setTimeout(() => this.end(), CLOSING_MS);
  }

  /**
   * Wipes the vault when the page is left, and ends its worker. A page that is left gets no answer, so it waits while the worker wipes
   * itself on its own thread.
   */
  leave() {
    this.close();
    const until = performance.now() + LEAVING_MS;
    // A stopped clock, for example in a test, does not block the page.
    for (let looks = 0; this.#worker && looks < MAX_LOOKS && performance.now() < until; looks += 1);
    this.end();
  }

  /** Ends the worker at once. */
  end() {
    this.#isClosing = true;
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** @param {unknown} message @param {Transferable[]} [transfer] */
  #send(message, transfer) {
    if (this.#worker) this.#worker.postMessage(message, transfer ?? []);
    const onPage = this.#onPage;
    // A core that traps throws here.
    onPage?.then((receive) => receive(message)).catch(() => onPage === this.#onPage && this.#lose());
  }

  #start() {
    try {
      if (this.isolation === "page" || !this.#canWorkerDraw()) throw 0;
      this.#startWorker();
    } catch {
      this.#startOnPage();
    }
  }

  /** Whether a worker can draw, or does not have to. The canvas for viewing a PIN may come later. */
  #canWorkerDraw() {
    if (this.#canvas) return this.#canvas.transferControlToOffscreen !== undefined;
    return this.#settings.open.operation !== "view-pin" || canDraw();
  }

  #startWorker() {
    const { source, open } = this.#settings;
    const worker = (this.#worker = source.start());
    worker.onmessage = ({ data }) => this.#worker === worker && this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker !== worker) return;
      worker.terminate();
      this.#worker = undefined;
      if (this.#isClosing) return;
      if (this.#hasSpoken) return this.#lose();
      // The page does not keep the messages to a worker that did not start: the customer starts again.
      this.#startOnPage();
      if (this.#onPage) this.#listener.restarted();
    };
    worker.postMessage(source.wasm);
    worker.postMessage({ open });
  }

  #startOnPage() {
    if (this.#isClosing) return;
    const { source, open, mayRunOnPage, hints } = this.#settings;
    if (!mayRunOnPage) {
      // If the script is missing, a vault on the page would not work either.
      Promise.resolve(source.explain?.()).then((code) => this.#fail(code ?? "isolation_unavailable"));
      return;
    }
    this.isolation = "page";
    const made = source.load().then((makeVault) => {
      hint(hints, "page", this.#settings);
      return makeVault(
        (message) => onPage === this.#onPage && this.#receive(message),
        () => onPage === this.#onPage && this.#lose(),
      );
    });
    made.catch((failure) => this.#fail(failure === "network" ? failure : "vault_missing"));
    // A worker that could not be made gets no messages.
    /** @type {Promise<(message: unknown) => void>} */
    const onPage = (this.#onPage = new Promise((resolve) => made.then(resolve, () => {})));
    this.#send(source.wasm);
    this.#send({ open });
  }

  /** @param {unknown} data */
  #receive(data) {
    const message = readOutward(data);
    if (!message) return;
    if (this.#isClosing) {
      if (typeof message === "object" && "closed" in message) this.end();
      return;
    }
    if (!this.#hasSpoken) {
      this.#hasSpoken = true;
      this.#giveCanvas();
    }
    this.#listener.told(message);
  }

  /** Passes the canvas on. A canvas cannot come back from a worker, so only a running one gets it, when there is a PIN to draw. */
  #giveCanvas() {
    if (!this.#canvas || !this.#hasSpoken || !this.#draws || this.#isCanvasGone || this.#isClosing) return;
    this.paint();
    if (!this.#worker) return this.#send(this.#canvas);
    this.#isCanvasGone = true;
    const canvas = this.#canvas.transferControlToOffscreen();
    this.#send(canvas, [canvas]);
  }

  /** @param {string} code */
  #fail(code) {
    if (!this.#isClosing) this.#listener.failed(code);
  }

  #lose() {
    if (!this.#isClosing) this.#listener.lost();
  }
}
