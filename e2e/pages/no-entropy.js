// A device without a random source: the method is there on every engine, so it has to be taken away.
Object.defineProperty(Crypto.prototype, "getRandomValues", { value: undefined });
