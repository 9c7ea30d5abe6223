// A device that does not run WebAssembly, as in Lockdown Mode.
delete globalThis.WebAssembly;
