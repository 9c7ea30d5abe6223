// The clock of a page with a pad. Times are since the page was asked for, in milliseconds.

const marks = { drawn: undefined, ready: undefined, submitted: undefined, accepted: undefined, error: undefined };
const tasks = [];

try {
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: "longtask",
    buffered: true,
  });
} catch {
  // Only Chromium reports them.
}

const mark = (name) => (marks[name] ??= performance.now());

const { searchParams } = new URL(location.href);

/** The control id is in the page's address: Enfuce's page has it in its markup. */
export const controlId = searchParams.get("control-id");

/** The size of the key. */
export const bits = Number(searchParams.get("bits"));

/** Whether the stages of the vault's work are timed. */
export const isTimed = searchParams.has("timed");

/** Watches a pad, by the events that `<card-pin>` has too, and puts the focus on it as soon as it can be used. */
export function watch(pad) {
  pad.addEventListener("ready", () => mark("ready"));
  pad.addEventListener("set_pin_success", () => mark("accepted"));
  for (const name of ["set_pin_error", "set_pin_validation_error"]) {
    pad.addEventListener(name, ({ detail }) => (marks.error ??= `${name}: ${detail.code}`));
  }
  addEventListener("keydown", ({ key }) => key === "Enter" && mark("submitted"), true);
  const look = () => {
    if (!pad.shadowRoot?.querySelector("button[data-key='1']:enabled")) return requestAnimationFrame(look);
    pad.focus();
    // A change in one frame is visible in the next.
    requestAnimationFrame(() => mark("drawn"));
  };
  look();
}

const until = async (condition) => {
  while (!condition() && !marks.error) await new Promise((resolve) => setTimeout(resolve, 5));
  return { ...marks, origin: performance.timeOrigin, longest_task: Math.max(0, ...tasks), watches_tasks: PerformanceObserver.supportedEntryTypes.includes("longtask") };
};

window.drawn = () => until(() => marks.drawn);
window.ready = () => until(() => marks.ready);
window.accepted = () => until(() => marks.accepted);
