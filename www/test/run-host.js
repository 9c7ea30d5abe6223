/**
 * A `VaultHost` with a worker that runs nothing and a vault on the page that does what the test says, and the host's calls to its
 * listener.
 */

import { mock } from "node:test";
import { VaultHost } from "../vault-host.js";
import { workers } from "./fake-worker.js";

export const OPEN = { operation: "set-pin", controlId: "token" };
export const ASK = "ask";
export const CLOSED = { closed: { code: null } };
export const CLOSING_MS = 1000;

/** Lets the promises of a vault on the page settle. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A canvas like that of a browser: a worker cannot draw on jsdom's. */
export function makeCanvas() {
  const canvas = document.createElement("canvas");
  canvas.style.color = "rgb(1, 2, 3)";
  const offscreen = { offscreen: true };
  canvas.transferControlToOffscreen = mock.fn(() => offscreen);
  return { canvas, offscreen, transfers: () => canvas.transferControlToOffscreen.mock.callCount() };
}

export function make({ canvas, mayRunOnPage = true, failure, explain } = {}) {
  const told = [];
  /** The vault on the page: the messages that it got, and what it does. */
  const page = { loads: 0, heard: [], breaks: false, tell: undefined };
  const source = {
    start: () => new Worker("/worker.js"),
    wasm: "core.wasm",
    explain,
    load: async () => {
      page.loads += 1;
      if (failure) throw failure;
      const receive = (message) => {
        page.heard.push(message);
        if (page.breaks) throw new WebAssembly.RuntimeError("unreachable");
      };
      return (tell) => Object.assign(page, { tell }) && receive;
    },
  };
  const host = new VaultHost({ source, open: OPEN, mayRunOnPage, hints: false }, canvas, {
    told: (message) => told.push(typeof message === "string" ? message : { ...message }),
    restarted: () => told.push("restarted"),
    lost: () => told.push("lost"),
    failed: (code) => told.push(`failed: ${code}`),
  });
  return { host, told, page, worker: workers.at(-1) };
}
