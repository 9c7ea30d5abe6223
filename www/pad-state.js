// @ts-check

/** Derives the pad's state: a pure function of the session's state and its options. */

import { DEFAULTS } from "./options.js";
import { initial } from "./session-state.js";
import { canDraw } from "./platform.js";

/** @import {PadState} from "./describe-pad.js" */
/** @import {Open} from "./protocol.d.ts" */
/** @import {SessionState} from "./session-state.js" */

/**
 * @param {SessionState | undefined} state
 * @param {Open | undefined} open
 * @param {{isUnusable: boolean, isSlow: boolean, hasWaited: boolean, asks: boolean}} pad `hasWaited`: whether it
 *   had to wait for a control id; `isSlow`: whether it waits long; `asks`: whether it has a provider to ask for them
 * @returns {PadState}
 */
export function padState(state, open, { isUnusable, isSlow, hasWaited, asks }) {
  const { minLength, maxLength, confirm, weakPin } = open ?? { ...DEFAULTS, maxLength: DEFAULTS.minLength };
  const end = state?.end;
  const isOver = end?.code === null && state?.views;
  return {
    ...(state ?? { ...initial({ views: false, isGiven: false }), isSlow }),
    phase: phaseOf(state, isUnusable),
    minLength,
    maxLength,
    confirm,
    refusesWeak: weakPin === "reject",
    problem: (end ? end.code : state?.problem) ?? undefined,
    hasWaited,
    canSuggest: canDraw(),
    canRestart: (isOver || end?.retryable === true) && asks,
  };
}

/**
 * @param {SessionState | undefined} state
 * @param {boolean} isUnusable
 * @returns {PadState["phase"]}
 */
function phaseOf(state, isUnusable) {
  if (isUnusable) return "unusable";
  if (!state) return "waiting";
  const { phase, end, views } = state;
  if (phase === "opening") return "open";
  if (phase !== "ended") return phase;
  return end?.code ? "failed" : views ? "hidden" : "done";
}
