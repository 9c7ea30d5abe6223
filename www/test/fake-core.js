/** A core that does what the test says. In place of the one that wasm-bindgen makes. */

/** What was called, oldest first. */
export const calls = [];

/** Every vault that was made, oldest first. */
export const cores = [];

export function forgetCores() {
  calls.length = 0;
  cores.length = 0;
}

export const initSync = ({ module }) => calls.push(["initSync", module]);

export const __wbg_reset_state = () => calls.push(["reset"]);

export class Vault {
  heard = [];
  /** The message that it breaks off at. */
  static breaksAt;

  constructor(tell) {
    this.tell = tell;
    cores.push(this);
    calls.push(["new Vault"]);
  }

  receive(message) {
    this.heard.push(message);
    if (Vault.breaksAt === message) throw new WebAssembly.RuntimeError("unreachable");
  }
}
