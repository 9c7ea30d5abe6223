/** Stylesheets are bundled as text. */
declare module "*.css" {
  const css: string;
  export default css;
}

/** The built worker, as text. */
declare module "card-pin-worker-inlined" {
  const worker: string;
  export default worker;
}

/** The built core. */
declare module "card-pin-wasm-inlined" {
  const wasm: Uint8Array<ArrayBuffer>;
  export default wasm;
}
