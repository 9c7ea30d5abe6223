// @ts-check

/** The issuer's web server: files under the policy that the README names, and a gateway behind `/my/` and `/pin/`. */

import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join } from "node:path";

export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** @type {Record<string, string>} */
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

/**
 * @param {string} folder
 * @param {string} gateway its address
 * @param {(pages: string[]) => Promise<void>} use with the addresses of its pages
 */
export async function withSite(folder, gateway, use) {
  const server = createServer((incoming, answer) => {
    const { pathname } = new URL(incoming.url ?? "/", "http://localhost");
    if (/^\/(my|pin)\//.test(pathname)) {
      const { method, headers } = incoming;
      const passed = request(`${gateway}${pathname}`, { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      passed.on("error", () => answer.writeHead(502).end());
      incoming.pipe(passed);
      return;
    }
    const type = TYPES[extname(pathname)] ?? "application/octet-stream";
    readFile(join(folder, pathname)).then(
      (file) => answer.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(file),
      () => answer.writeHead(404).end(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    const pages = (await readdir(folder)).filter((name) => name.endsWith(".html"));
    await use(pages.map((page) => `http://127.0.0.1:${port}/${page}`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
