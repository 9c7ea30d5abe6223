// @ts-check

/** The programs that run beside a stack: the sandbox, a gateway, a development server. Each is ended when its use is over. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project, work } from "./folders.js";

/**
 * @template T
 * @param {string} folder
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} environment
 * @param {(child: import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withProgram(folder, program, args, environment, use) {
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve, reject) => {
    child.on("exit", resolve).on("error", () => reject(new Error(`${program} cannot be started`)));
  });
  const early = ended.then((code) => {
    throw new Error(`${program} ended with ${code}`);
  });
  // Whoever waits for it says so.
  early.catch(() => {});
  try {
    return await Promise.race([use(child), early]);
  } finally {
    if (child.kill()) await ended;
  }
}

/** @returns {Promise<number>} a port that is free now */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until something listens: each try ends by itself. @param {number} port */
async function untilOpen(port) {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise((resolve) => socket.on("connect", () => resolve(true)).on("error", () => resolve(false)));
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * The sandbox, with an empty database.
 * @param {(url: string) => Promise<void>} use
 */
export async function withSandbox(use) {
  const program = process.env.SANDBOX ?? join(project, "target/debug/card-pin-sandbox");
  // Another run has another one.
  const data = await mkdtemp(join(tmpdir(), "card-pin-stacks-"));
  const args = ["--port", "0", "--db", join(data, "sandbox.sqlite"), "--dist", join(project, "dist")];
  try {
    await withProgram(work, program, args, {}, async ({ stdout }) => {
      for await (const text of stdout.setEncoding("utf8")) {
        const [url] = /http:\/\/\S+/.exec(text) ?? [];
        if (url) return use(url);
      }
    });
  } finally {
    await rm(data, { recursive: true });
  }
}

/**
 * A back-end of the examples.
 * @param {string} program
 * @param {string} script
 * @param {string} sandbox its address
 * @param {(url: string) => Promise<void>} use
 */
export async function withGateway(program, script, sandbox, use) {
  const port = await freePort();
  const environment = { ENFUCE: sandbox, PORT: String(port) };
  await withProgram(work, program, [script], environment, () => untilOpen(port).then(() => use(`http://127.0.0.1:${port}`)));
}

/**
 * Vite's development server.
 * @param {string} folder
 * @param {string} gateway its address
 * @param {(url: string) => Promise<void>} use
 */
export async function withVite(folder, gateway, use) {
  const port = await freePort();
  const args = [join(folder, "node_modules/vite/bin/vite.js"), "--strictPort", "--host", "127.0.0.1", "--port", String(port)];
  await withProgram(folder, "node", args, { GATEWAY: gateway }, () => untilOpen(port).then(() => use(`http://127.0.0.1:${port}/`)));
}
