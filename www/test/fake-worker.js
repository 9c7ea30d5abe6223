/**
 * A worker that runs nothing, in the place of the browser's own: it records the messages that it gets, and sends those of the
 * test.
 */

/** Every worker that was made since the last `forgetWorkers`, oldest first. */
export const workers = [];

/** Forgets all of them, and removes workers from the page. */
export function forgetWorkers() {
  workers.length = 0;
  delete globalThis.Worker;
}

/** Gives the page workers. */
export function offerWorkers() {
  globalThis.Worker = FakeWorker;
}

class FakeWorker {
  /** The messages that it got, without the transfers. */
  heard = [];
  transfers = [];
  isTerminated = false;

  constructor(url, options) {
    this.url = url;
    this.options = options;
    workers.push(this);
  }

  postMessage(message, transfer) {
    this.heard.push(message);
    this.transfers.push(transfer);
  }

  terminate() {
    this.isTerminated = true;
  }

  /** Sends a message to the page. */
  say(data) {
    this.onmessage({ data });
  }

  /** Reports an error to the page; returns whether the page handled it. */
  fail() {
    const event = new Event("error", { cancelable: true });
    this.onerror(event);
    return event.defaultPrevented;
  }
}
