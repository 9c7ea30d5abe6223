// Runs before the vault's own script, and keeps the time of each stage of the vault's work. All times are since 1970, in milliseconds.

const now = () => performance.timeOrigin + performance.now();
const stages = { script: now() };
/** The turns before the TZPK is asked for, each with its start and end. */
const turns = [];

for (const name of ["compile", "compileStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...given) => {
    const module = await original.apply(WebAssembly, given);
    stages.compiled = now();
    return module;
  };
}

// The core takes each of its turns through this function (`src/web/tasks.rs`).
const apply = Reflect.apply;
Reflect.apply = (...given) => {
  const start = now();
  const result = apply(...given);
  if (!stages.asked) turns.push([start, now()]);
  return result;
};

const fetching = globalThis.fetch;
globalThis.fetch = async (url, ...given) => {
  const isTzpk = String(url.url ?? url).endsWith("/tzpk");
  if (isTzpk && !stages.asked) {
    // The last turn tried the key pair; the one before tested the primes a last time, and assembled the pair.
    const [assembling, trying] = turns.slice(-2);
    Object.assign(stages, { begun: turns[0][0], found: assembling[0], assembled: assembling[1], tried: trying[1], asked: now() });
  }
  const response = await fetching(url, ...given);
  if (isTzpk) stages.answered = now();
  return response;
};

const channel = new BroadcastChannel("card-pin-stages");
channel.onmessage = () => channel.postMessage(stages);
