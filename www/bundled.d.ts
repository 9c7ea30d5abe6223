/** `card-pin.css`, minified, as text. */
declare module "card-pin-style" {
  const css: string;
  export default css;
}

/** The built worker, as text. */
declare module "card-pin-worker-inlined" {
  const worker: string;
  export default worker;
}

/** The built core, in base64. */
declare module "card-pin-wasm-inlined" {
  const wasm: string;
  export default wasm;
}

/** The core built without SIMD, in base64. */
declare module "card-pin-scalar-wasm-inlined" {
  const wasm: string;
  export default wasm;
}

/** The SHA-384 of the worker and of both cores, by the names of the files, as an `integrity` attribute has them. */
declare module "card-pin-sums" {
  const sums: Record<string, string>;
  export default sums;
}

/** Loads a script from an address that no bundler is to look into. The build writes it before everything else. */
declare function importAsIs(url: string): Promise<unknown>;

/** Version and commit of the build, as `xtask/src/identity.rs` writes them. */
declare const CARD_PIN_VERSION: string;
