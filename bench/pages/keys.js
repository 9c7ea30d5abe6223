// The ways to make an RSA key pair. One line each in the list below: its name in the report, a function that makes a key pair of
// this many bits, which is timed, and a function that exports its public key as SubjectPublicKeyInfo in DER, which is not.

/* global forge, JSEncrypt, KEYUTIL */

const OAEP = { name: "RSA-OAEP", hash: "SHA-256" };
const F4 = new Uint8Array([1, 0, 1]);

const CONTENDERS = [
  await wasm("card-pin", "card_pin_bench", "make_key_pair"),
  await wasm("card-pin, no SIMD", "card_pin_bench_scalar", "make_key_pair"),
  {
    name: "WebCrypto",
    make: (bits) =>
      crypto.subtle.generateKey({ ...OAEP, modulusLength: bits, publicExponent: F4 }, false, ["decrypt", "encrypt"]),
    toSpki: async ({ publicKey }) => new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
  },
  await wasm("rsa crate", "card_pin_bench", "make_key_pair_by_rsa_crate"),
  {
    name: "node-forge",
    // Without a callback: with one it would use WebCrypto.
    make: (bits) => forge.pki.rsa.generateKeyPair({ bits, e: 0x10001 }),
    toSpki: ({ publicKey }) => fromPem(forge.pki.publicKeyToPem(publicKey)),
  },
  {
    name: "jsencrypt",
    // Two in five of its keys are a bit too short: its primes have their top bit set, and not the next. They are made again.
    make: (bits) => {
      for (;;) {
        const made = new JSEncrypt({ default_key_size: String(bits), default_public_exponent: "010001" });
        if (made.getKey().n.bitLength() === bits) return made;
      }
    },
    toSpki: (made) => fromPem(made.getPublicKey()),
  },
  {
    name: "jsrsasign",
    make: (bits) => KEYUTIL.generateKeypair("RSA", bits),
    toSpki: ({ pubKeyObj }) => fromPem(KEYUTIL.getPEM(pubKeyObj)),
  },
];

if (new URL(location.href).searchParams.has("beside")) {
  CONTENDERS.push(await wasm("the build beside", "beside/card_pin_bench", "make_key_pair"));
}

/** A function of a build of the bench's wasm. */
async function wasm(name, build, call) {
  const module = await import(`./${build}.js`);
  await module.default({ module_or_path: `./${build}_bg.wasm` });
  return { name, make: (bits) => module[call](bits), toSpki: (spki) => spki };
}

const fromPem = (pem) => Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (sign) => sign.charCodeAt(0));

/** The public keys so far: none may be repeated. */
const seen = new Set();

/** Whether another implementation, WebCrypto, accepts it as a key of that size with that exponent, and encrypts under it. */
async function check(spki, bits) {
  const key = await crypto.subtle.importKey("spki", spki, OAEP, true, ["encrypt"]);
  const { modulusLength, publicExponent } = key.algorithm;
  const { n } = await crypto.subtle.exportKey("jwk", key);
  const encrypted = await crypto.subtle.encrypt(OAEP, key, new Uint8Array(16));
  const isNew = !seen.has(n);
  seen.add(n);
  return isNew && modulusLength === bits && String(publicExponent) === String(F4) && encrypted.byteLength * 8 === bits;
}

window.contenders = CONTENDERS.map(({ name }) => name);

/** How many milliseconds a key pair took; it rejects if the key pair is wrong. */
window.makeKeyPair = async (name, bits) => {
  const { make, toSpki } = CONTENDERS.find((contender) => contender.name === name);
  const start = performance.now();
  const made = await make(bits);
  const took = performance.now() - start;
  if (!(await check(await toSpki(made), bits))) throw new Error(`${name}: no key pair of ${bits} bits`);
  return took;
};
