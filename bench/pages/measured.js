// Runs before the vault's own script, and reports the size of the WebAssembly memory with each message of the vault.

const channel = new BroadcastChannel("card-pin-memory");
let memory;

for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...given) => {
    const made = await original.apply(WebAssembly, given);
    memory = (made.instance ?? made).exports.memory;
    return made;
  };
}
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...given) {
    super(...given);
    memory = this.exports.memory;
  }
};

const post = globalThis.postMessage.bind(globalThis);
globalThis.postMessage = (message, ...given) => {
  if (memory) channel.postMessage(memory.buffer.byteLength);
  post(message, ...given);
};
