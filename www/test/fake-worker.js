/** A worker that runs nothing: it keeps what it is sent, and says what the test says. In place of the browser's own. */

/** Every worker that was made since the last `forgetWorkers`, oldest first. */
export const workers = [];

/** Forgets all of them, and takes workers away from the page. */
export function forgetWorkers() {
  workers.length = 0;
  delete globalThis.Worker;
}

/** Gives the page workers. */
export function offerWorkers() {
  globalThis.Worker = FakeWorker;
}

class FakeWorker {
  /** What it was sent, without the transfers. */
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

  /** Has the page hear a message. */
  say(data) {
    this.onmessage({ data });
  }

  /** Has the page hear of an error, and says whether the page took care of it. */
  fail() {
    const event = new Event("error", { cancelable: true });
    this.onerror(event);
    return event.defaultPrevented;
  }
}
