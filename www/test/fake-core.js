/** A core that does what the test says, in the place of the one that wasm-bindgen makes. */

/** What was called, oldest first. */
export const calls = [];

/** Every vault that was made, oldest first. */
export const cores = [];

export function forgetCores() {
  calls.length = 0;
  cores.length = 0;
  memory = undefined;
}

/** The memory of the core that was started last. */
export let memory;

function startCore(...call) {
  calls.push(call);
  memory = new WebAssembly.Memory({ initial: 1 });
}

/** Like wasm-bindgen's function, it returns the core that exists, if there is one. */
export function initSync({ module }) {
  if (!memory) startCore("initSync", module);
  return { memory };
}

export const __wbg_reset_state = () => startCore("reset");

export class Vault {
  heard = [];
  /** The message at which the core breaks off. */
  static breaksAt;

  constructor(tell, breakOff) {
    this.tell = tell;
    this.breakOff = breakOff;
    cores.push(this);
    calls.push(["new Vault"]);
  }

  receive(message) {
    this.heard.push(message);
    if (Vault.breaksAt === message) throw new WebAssembly.RuntimeError("unreachable");
  }
}
