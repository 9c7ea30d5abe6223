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
