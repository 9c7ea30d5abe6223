// @ts-check

/** The issuer's web server: files under the policy of docs/headers.md, and a gateway behind `/my/` and `/pin/`. */

import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join } from "node:path";

export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** The policy of a page that loads the package from another origin. @param {string} origin */
export const policyWith = (origin) =>
  POLICY.replace("script-src 'self'", `script-src 'self' ${origin}`)
    .replace("connect-src 'self'", `connect-src 'self' ${origin}`)
    .replace("worker-src 'self'", "worker-src blob:");

/** @type {Record<string, string>} */
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

/**
 * @param {string} folder
 * @param {string} gateway its address
 * @param {(pages: string[]) => Promise<void>} use with the addresses of its pages
 * @param {string} [policy]
 */
export async function withSite(folder, gateway, use, policy = POLICY) {
  const pages = (await readdir(folder)).filter((name) => name.endsWith(".html"));
  await listenWith(
    (incoming, answer) => {
      const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
      if (!/^\/(my|pin)\//.test(pathname)) return void sendFile(folder, pathname, { "content-security-policy": policy }, answer);
      const { method, headers } = incoming;
      const passed = request(`${gateway}${pathname}`, { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      passed.on("error", () => answer.writeHead(502).end());
      incoming.pipe(passed);
    },
    (origin) => use(pages.map((page) => `${origin}/${page}`)),
  );
}

/**
 * Files for pages of other origins.
 * @param {string} folder
 * @param {(origin: string) => Promise<void>} use
 */
export const withCdn = (folder, use) =>
  listenWith(({ url }, answer) => void sendFile(folder, url ?? "/", { "access-control-allow-origin": "*" }, answer), use);

/**
 * @param {string} folder
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {import("node:http").ServerResponse} answer
 */
function sendFile(folder, path, headers, answer) {
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  return readFile(join(folder, path)).then(
    (file) => answer.writeHead(200, { "content-type": type, ...headers }).end(file),
    () => answer.writeHead(404).end(),
  );
}

/**
 * @param {import("node:http").RequestListener} respond
 * @param {(origin: string) => Promise<void>} use
 */
async function listenWith(respond, use) {
  const server = createServer(respond).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    await use(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
