// @ts-check

/** Decides which of the two builds of the core a device can run. */

/** A module of one function, which returns a `v128.const`: it is valid if there is SIMD. */
const PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x16, 0x01, 0x14, 0x00, 0xfd, 0x0c, ...Array(16).fill(0x00), 0x0b],
);

/**
 * Whether WebAssembly has SIMD here, as it has in Chromium from 91 (2021), Firefox from 89 (2021) and Safari from 16.4 (2023).
 * @returns {boolean}
 */
export function hasSimd() {
  return typeof WebAssembly === "object" && WebAssembly.validate(PROBE);
}
