/** The session that a vault tells the page about before anything has happened, with `changes` to its fields. */
export const snapshot = (changes = {}) => ({
  stage: "entry",
  ready: false,
  step: "entry",
  digits: 0,
  valid: false,
  refusals: 0,
  refused: null,
  reason: null,
  waitsSeconds: null,
  requested: false,
  sent: false,
  checking: false,
  suggested: false,
  end: null,
  ...changes,
});
