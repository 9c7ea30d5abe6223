// A device without a random source: every engine has the method, so it is removed here.
Object.defineProperty(Crypto.prototype, "getRandomValues", { value: undefined });
