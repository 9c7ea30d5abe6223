// Stands before the vault's own script, and tells of each search for a key pair of 2048 bits. A search can be told by how many
// random bytes a step of it draws: thousands to open a window of candidates, hundreds to prove both primes at its end. After
// that no other window is opened, unless the key pair failed its trial.

const WINDOW = 2048;
const PROOF = 256;

/** A function that is given each step's bytes in turn, and says whether a search begins with it. */
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
  // A step is a microtask of the core's, and what it draws is drawn by its end.
  if (bytes === 0) {
    queueMicrotask(() => {
      if (beginsWith(bytes)) channel.postMessage(0);
      bytes = 0;
    });
  }
  bytes += array.byteLength;
  return getRandomValues.call(this, array);
};
