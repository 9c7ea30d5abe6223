// @ts-check
// The sandbox's clock: it is asked for from time to time, and counted on by the device's own clock in between.

import { get } from "./back-end.js";
import { byId } from "./dom.js";

/** How long after the time of a run its cards are asked for, in milliseconds. */
const RUN_TAKES_MS = 1500;

/** How far the sandbox's clock is ahead. */
let aheadMs = 0;
/** @type {number | undefined} */
let nextRun;
/** @type {() => void} */
let onRunDue = () => {};

const now = () => Date.now() + aheadMs;

/** Seconds until the next production run, rounded up. */
export const secondsToNextRun = () => (nextRun === undefined ? undefined : Math.max(1, Math.ceil((nextRun - now()) / 1000) + 1));

/** @param {number | string} time @param {"short" | "medium"} [style] */
export const timeOf = (time, style = "short") =>
  new Intl.DateTimeFormat("en-GB", { timeStyle: style, timeZone: "UTC" }).format(new Date(time));

/** @param {string} time */
export const dateOf = (time) =>
  new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(time));

/** Hours, minutes and seconds. @param {number} ms */
function left(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Writes the time, and how long it is to the run, into each place for it. */
export function tick() {
  byId("now").textContent = `${timeOf(now(), "medium")} UTC`;
  if (nextRun === undefined) return;
  const countdown = left(nextRun - now());
  byId("next-run").textContent = `${timeOf(nextRun)} UTC, in ${countdown}`;
  for (const place of document.querySelectorAll("[data-countdown]")) place.textContent = `${timeOf(nextRun)} UTC, in ${countdown}`;
  if (now() >= nextRun + RUN_TAKES_MS) {
    nextRun = undefined;
    onRunDue();
  }
}

/** Asks the sandbox for its time. */
export async function refreshClock() {
  const clock = await get("/sandbox/clock");
  aheadMs = Date.parse(clock.now) - Date.now();
  nextRun = Date.parse(clock.nextEmbossingRun);
  tick();
}

/** @param {() => void} runIsDue called after a run */
export function startClock(runIsDue) {
  onRunDue = runIsDue;
  window.setInterval(tick, 1000);
}
