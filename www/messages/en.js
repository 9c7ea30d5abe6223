// @ts-check

/** What the pad says, in English. */
export const en = {
  pad: "PIN pad",
  entry: "PIN entry",
  /** @param {number} digits @param {number} length */
  progress: (digits, length) => `${digits} of ${length} digits`,
  choose: "Choose your PIN",
  repeat: "Enter it once more",
  /** @param {number} min @param {number} max */
  length: (min, max) => (min === max ? `${min} digits` : `${min} to ${max} digits`),
  repeatHint: "To make sure it is the one you want",
  erase: "Erase the last digit",
  next: "Continue",
  submit: "Set PIN",
  submitting: "Setting your PIN…",
  done: "Your PIN is set",
  failed: "That did not work",
  busy: "Many people are doing this right now. Please wait: it goes on by itself.",
  waiting: "One moment…",
  restart: "Start again",
  unusable: "This PIN pad is not set up correctly.",
  /** @type {Record<string, string>} */
  errors: {
    too_short: "Some digits are still missing.",
    too_long: "That is one digit too many.",
    not_digits: "A PIN has only digits.",
    weak_pin: "This PIN is easy to guess. Please choose another.",
    mismatch: "The two PINs are not the same. Please start with the first again.",
    control_id_missing: "The PIN can't be set from here. Please start again.",
    control_id_unavailable: "The PIN can't be set right now. Please try again.",
    control_id_expired: "The time to set the PIN has run out. Please start again.",
    not_allowed: "You are not signed in any more. Please go back to your bank.",
    busy: "Many people are setting a PIN right now. Please try again in a few minutes.",
    already_used: "This link was used before. Please start again.",
    network: "There is no connection. Please check it and start again.",
    timeout: "The connection is too slow. Please start again.",
    outcome_unknown: "It is not certain whether your PIN was set. Please check before you try again.",
    server_error: "The PIN can't be set right now. Please try again later.",
    rejected: "The PIN could not be set. Please contact your bank.",
    bad_response: "The PIN can't be set over this connection. Please start again.",
    tzpk_invalid: "No secure connection could be made. Please start again.",
    entropy_unavailable: "This device can't set a PIN safely. Please use another.",
    isolation_unavailable: "The PIN can't be set here. Please use another browser, or go back to your bank.",
    vault_missing: "The PIN can't be set here. Please use another browser, or go back to your bank.",
    wasm_unavailable: "This device can't set a PIN here. Please use another way.",
    closed: "The PIN was not set. Please start again.",
  },
  view: {
    pane: "View your PIN",
    canvas: "Your PIN, drawn as a picture",
    show: "Show PIN",
    spell: "Have it said by my screen reader",
    /** @param {number} place @param {string} digit */
    spelt: (place, digit) => `Digit ${place}: ${digit}`,
    digits: ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    /** @type {Record<string, string>} */
    prompts: {
      waiting: "One moment…",
      open: "View your PIN",
      submitting: "Getting your PIN…",
      arrived: "Your PIN is here",
      shown: "Your PIN",
      hidden: "Your PIN is hidden again",
      failed: "That did not work",
    },
    /** @type {Record<string, string>} */
    hints: {
    },
    /** @type {Record<string, string>} */
    errors: {
      control_id_missing: "The PIN can't be shown from here. Please start again.",
      control_id_unavailable: "The PIN can't be shown right now. Please try again.",
      control_id_expired: "The time to view the PIN has run out. Please start again.",
      busy: "Many people are looking at their PIN right now. Please try again in a few minutes.",
      server_error: "The PIN can't be shown right now. Please try again later.",
      rejected: "The PIN can't be shown. Please contact your bank.",
      bad_response: "The PIN can't be shown over this connection. Please start again.",
      entropy_unavailable: "This device can't show a PIN safely. Please use another.",
      isolation_unavailable: "The PIN can't be shown here. Please use another browser, or go back to your bank.",
      vault_missing: "The PIN can't be shown here. Please use another browser, or go back to your bank.",
      wasm_unavailable: "This device can't show a PIN here. Please use another way.",
      closed: "The PIN is not shown. Please start again.",
    },
  },
};
