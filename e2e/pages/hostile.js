// A script that runs first: it patches everything that a script can reach, and writes down what passes.
"use strict";
{
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
  const { isView } = ArrayBuffer;
  const { isArray } = Array;
  const text = String;
  const View = Uint8Array;

  /** What passed at which place, as text: `[[place, text], …]`. */
  const seen = [];
  let isWatching = true;
  let isWriting = false;

  function describe(value, depth = 0) {
    if (typeof value === "function") return "a function";
    if (typeof value !== "object" || value === null) return text(value);
    if (isView(value) || value instanceof ArrayBuffer) {
      const bytes = isView(value) ? new View(value.buffer, value.byteOffset, value.byteLength) : new View(value);
      let written = "bytes:";
      for (let at = 0; at < bytes.length && at < 4096; at += 1) written += `${bytes[at]} `;
      return written;
    }
    if (depth > 3) return "deeper";
    if (!isArray(value) && Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
      return "an object";
    }
    let written = "";
    for (const name of ownKeys(value)) {
      const field = getOwnPropertyDescriptor(value, name);
      if (field && "value" in field && name !== "length") {
        written += isArray(value) ? `${describe(field.value, depth + 1)},` : `${text(name)}:${describe(field.value, depth + 1)},`;
      }
    }
    return written;
  }

  function write(place, ...values) {
    if (!isWatching || isWriting) return;
    isWriting = true;
    try {
      let written = "";
      for (let at = 0; at < values.length; at += 1) written += `${describe(values[at])};`;
      seen[seen.length] = [place, written];
    } finally {
      isWriting = false;
    }
  }

  /** Stops writing, and returns everything that was written down. */
  window.testify = () => {
    isWatching = false;
    return seen;
  };

  function lieInWait(owner, ownerName, names) {
    for (const name of names) {
      const descriptor = getOwnPropertyDescriptor(owner, name);
      const original = descriptor?.value;
      if (typeof original !== "function") continue;
      const place = `${ownerName}.${text(name)}`;
      const ambush = function (...given) {
        const outcome = new.target ? construct(original, given, new.target) : apply(original, this, given);
        write(place, typeof this === "string" || isArray(this) || this instanceof RegExp ? this : "", given, outcome);
        return outcome;
      };
      defineProperty(ambush, "prototype", { value: original.prototype });
      for (const own of ownKeys(original)) {
        if (own !== "prototype") defineProperty(ambush, own, getOwnPropertyDescriptor(original, own));
      }
      defineProperty(owner, name, { ...descriptor, value: ambush });
    }
  }

  // The messages from the vault, whichever way the page listens for them.
  const onmessage = getOwnPropertyDescriptor(Worker.prototype, "onmessage");
  defineProperty(Worker.prototype, "onmessage", {
    ...onmessage,
    set(listener) {
      apply(onmessage.set, this, [
        function (event) {
          write("from the vault", event.data);
          return apply(listener, this, [event]);
        },
      ]);
    },
  });
  // Keys and taps, before any other listener.
  addEventListener("keydown", ({ key }) => write("keys", key), true);
  addEventListener("click", (event) => write("taps", event.composedPath()[0].dataset?.key), true);

  lieInWait(Worker.prototype, "Worker", ["postMessage", "terminate"]);
  lieInWait(MessagePort.prototype, "MessagePort", ["postMessage"]);
  lieInWait(BroadcastChannel.prototype, "BroadcastChannel", ["postMessage"]);
  lieInWait(EventTarget.prototype, "EventTarget", ["addEventListener", "dispatchEvent"]);
  lieInWait(window, "window", ["fetch", "structuredClone", "queueMicrotask", "setTimeout", "Number", "String", "CustomEvent", "Worker"]);
  lieInWait(XMLHttpRequest.prototype, "XMLHttpRequest", ["open", "send"]);
  lieInWait(Navigator.prototype, "navigator", ["sendBeacon"]);
  lieInWait(TextEncoder.prototype, "TextEncoder", ["encode", "encodeInto"]);
  lieInWait(TextDecoder.prototype, "TextDecoder", ["decode"]);
  lieInWait(WebAssembly, "WebAssembly", ["compile", "instantiate", "instantiateStreaming", "Module", "Instance", "Memory"]);
  lieInWait(Crypto.prototype, "crypto", ["getRandomValues"]);
  lieInWait(SubtleCrypto.prototype, "subtle", ["encrypt", "decrypt", "importKey", "generateKey", "digest"]);
  lieInWait(Storage.prototype, "Storage", ["setItem"]);
  lieInWait(RegExp.prototype, "RegExp", ["exec", "test"]);
  lieInWait(Promise.prototype, "Promise", ["then", "catch"]);
  lieInWait(JSON, "JSON", ["parse", "stringify"]);
  lieInWait(Object, "Object", ["assign", "keys", "entries", "create", "defineProperty", "hasOwn", "freeze"]);
  lieInWait(Reflect, "Reflect", ["get", "set", "apply", "ownKeys", "defineProperty"]);
  lieInWait(Number, "Number", ["isInteger", "isSafeInteger"]);
  lieInWait(String.prototype, "String", ["charCodeAt", "split", "replace", "slice", "concat", "endsWith"]);
  const arrays = ["push", "map", "forEach", "join", "slice", "concat", "find", "some", "every", "includes", Symbol.iterator];
  lieInWait(Array.prototype, "Array", arrays);
  lieInWait(Function.prototype, "Function", ["call", "bind"]);

  // Properties that a careless merge of JSON, or a hostile script, leaves on every object.
  const everywhere = {
    workerUrl: "./stolen.worker.js",
    wasmUrl: "./stolen.wasm",
    controlId: "stolen",
    controlIdProvider: () => "stolen",
    tzpkUrl: "./stolen-tzpk",
    setUrl: "./stolen-set",
    operation: "view-pin",
    minLength: 4,
    confirm: false,
    weakPin: "allow",
    timeoutMs: 1,
    keySize: 1024,
    credentials: "stolen",
    createScriptURL: () => "./stolen.worker.js",
    statusUrl: "./stolen-status",
    requestHeaders: { "x-stolen": "1" },
    pinBlockFormats: [0],
    isolation: "page",
    open: { controlId: "stolen" },
    press: 9,
    close: null,
    color: "red",
    ask: "controlId",
    state: { taken: 0, session: { stage: "ended", end: { code: null, retryable: false } } },
    taken: 9,
    session: { stage: "ended" },
    stage: "shown",
    ready: true,
    valid: true,
    end: { code: null, retryable: true },
    code: null,
    retryable: true,
    closed: { code: null },
    spell: { digit: 1, place: 0 },
    event: "set_pin_success",
    hidden: true,
    passive: true,
    once: true,
    then: undefined,
  };
  for (const name of ownKeys(everywhere)) {
    defineProperty(Object.prototype, name, {
      configurable: true,
      enumerable: false,
      get() {
        return everywhere[name];
      },
      set(value) {
        write(`set ${name}`, value);
        defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true });
      },
    });
  }
}
