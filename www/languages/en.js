// @ts-check

/**
 * The pad's words, in English. Every other language has exactly these keys.
 *
 * A text is a string, or one string for each plural category that the language has (CLDR, as `Intl.PluralRules` names them),
 * chosen by `{count}`. What stands in braces is filled in: numbers in the reader's own numerals, and nothing that was typed.
 */
const own = {
  /** Setting a PIN. */
  pad: {
    name: "PIN pad",
    choose: "Choose your PIN",
    repeat: "Enter the same PIN again",
    step: "Step {step} of {steps}",
    length: { one: "{count} digit", other: "{count} digits" },
    lengthRange: "{min} to {max} digits",
    rule: "Not digits in a row, repeated digits or a year",
    repeatHint: "So we know it's right",
    progress: { one: "{entered} of {count} digit", other: "{entered} of {count} digits" },
    progressRange: { one: "{count} digit, up to {max}", other: "{count} digits, up to {max}" },
    empty: "No digits entered",
    erase: "Delete",
    next: "Continue",
    submit: "Set PIN",
    back: "Choose a different PIN",
    cancel: "Cancel",
    preparing: "Getting ready…",
    timeLeft: "Time left: {time}",
    submitting: "Setting your PIN…",
    checking: "We're checking whether your PIN was set.",
    still: "Still working. Please keep this page open.",
    busy: "Many people are doing this right now. Please wait: it continues automatically.",
    done: "Your PIN is set",
    doneHint: "Remember it, and don't tell anybody.",
    failed: "We couldn't set your PIN",
    unknown: "We're not sure your PIN was set",
    cancelled: "Your PIN was not set",
    again: "Try again",
    leave: "Back to your bank",
    unusable: "We can't show the PIN pad",
    contact: "Please contact your bank.",
    suggest: "Suggest a PIN",
    suggestion: "A PIN for you",
    suggestionHint: "Remember it, then enter it yourself.",
    useSuggestion: "Enter it now",
  },
  /** Why an entry was refused, and what to do. */
  refusals: {
    tooShort: { one: "Enter {count} more digit.", other: "Enter {count} more digits." },
    tooLong: { one: "Use no more than {count} digit.", other: "Use no more than {count} digits." },
    notDigits: "Use digits only.",
    mismatch: "The PINs don't match. Choose your PIN again.",
    weak: "Too easy to guess. Choose another PIN.",
    weakRun: "Too easy to guess: digits in a row. Choose another PIN.",
    weakRepeat: "Too easy to guess: repeated digits. Choose another PIN.",
    weakYear: "Too easy to guess: a year. Choose another PIN.",
    weakPattern: "Too easy to guess: a pattern on the keys. Choose another PIN.",
    weakCommon: "Too easy to guess: many people use this PIN. Choose another.",
    weakPersonal: "Too easy to guess: a date or number of yours. Choose another PIN.",
  },
  /** Why a PIN was not set, by error code, and what to do. */
  errors: {
    control_id_missing: "This page can't set a PIN. Go back to your bank's app.",
    control_id_unavailable: "Your PIN can't be set right now. Try again in a few minutes.",
    control_id_expired: "You ran out of time. Your PIN was not set.",
    not_allowed: "You are no longer signed in. Go back to your bank and sign in again.",
    busy: "Many people are setting a PIN right now. Try again in a few minutes.",
    already_used: "This page has already been used. Open it again from your bank's app.",
    network: "We can't reach your bank. Check your connection and try again.",
    timeout: "This is taking too long. Check your connection and try again.",
    outcome_unknown: "We lost the connection and can't tell whether your PIN was set. Check with your bank before you try again.",
    server_error: "Something went wrong at your bank. Try again in a few minutes.",
    rejected: "Your bank did not accept this. Please contact your bank.",
    bad_response: "Something went wrong on the connection. Try another network.",
    tzpk_invalid: "We couldn't make a secure connection. Nothing was sent.",
    entropy_unavailable: "This device can't set a PIN safely. Use another device.",
    browser: "This browser can't set a PIN. Use your bank's app or another browser.",
  },
  /** Viewing a PIN. */
  view: {
    name: "View your PIN",
    open: "View your PIN",
    openHint: "Make sure that nobody else can see the screen.",
    show: "Show PIN",
    submitting: "Getting your PIN…",
    arrived: "Your PIN is here",
    shown: "Your PIN",
    hides: { one: "Hides in {count} second, or when you leave this page", other: "Hides in {count} seconds, or when you leave this page" },
    hidden: "Your PIN is hidden",
    showAgain: "Show again",
    picture: "Picture of your PIN",
    spell: "Read my PIN aloud (screen reader)",
    spelt: "Digit {place}: {digit}",
    zero: "zero",
    one: "one",
    two: "two",
    three: "three",
    four: "four",
    five: "five",
    six: "six",
    seven: "seven",
    eight: "eight",
    nine: "nine",
    failed: "We couldn't show your PIN",
  },
  /** Why a PIN was not shown, by error code; the other codes have the same words as for setting one. */
  viewErrors: {
    control_id_missing: "This page can't show your PIN. Go back to your bank's app.",
    control_id_unavailable: "Your PIN can't be shown right now. Try again in a few minutes.",
    control_id_expired: "You ran out of time. Your PIN was not shown.",
    busy: "Many people are viewing their PIN right now. Try again in a few minutes.",
    entropy_unavailable: "This device can't show a PIN safely. Use another device.",
    browser: "This browser can't show your PIN. Use your bank's app or another browser.",
    closed: "Cancelled. Your PIN is not shown.",
  },
};

/** The hosted page, and what stands there instead of the pad. */
const page = {
  title: "Your PIN",
  script: "To set your PIN, please allow JavaScript for this page.",
  expired: "This page has expired",
  used: "This page was already opened",
  unknown: "This page is not available",
  reopen: "Go back to your bank and open it again.",
};

export default /* @__PURE__ */ Object.assign({}, own, { page });

/** Those that the pad itself has: it needs none of the hosted page. */
export { own };
