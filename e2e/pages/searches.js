// Runs before the vault's own script, and reports each search for a key pair of 2048 bits. It recognises a search by the number
// of random bytes that a step draws: thousands to open a window of candidates, hundreds to prove both primes at the end. After
// that no other window is opened, unless the key pair was given up: a number was not prime, or the pair could not be assembled or
// failed its trial.

const WINDOW = 2048;
const PROOF = 128;

/** Makes a function that gets the number of bytes of each step in order, and returns whether a search begins with this step. */
export function watchSearches() {
  let isSearching = false;
  return (bytes) => {
    if (bytes < PROOF) return false;
    const begins = bytes >= WINDOW && !isSearching;
    isSearching = bytes >= WINDOW;
    return begins;
  };
}

const channel = new BroadcastChannel("searches");
const beginsWith = watchSearches();
const { getRandomValues } = Crypto.prototype;
let bytes = 0;

Crypto.prototype.getRandomValues = function (array) {
  // A step is one microtask of the core, so at its end everything that it draws is drawn.
  if (bytes === 0) {
    queueMicrotask(() => {
      if (beginsWith(bytes)) channel.postMessage(0);
      bytes = 0;
    });
  }
  bytes += array.byteLength;
  return getRandomValues.call(this, array);
};
