// @ts-check

/** The programs that run beside a stack: the sandbox, a gateway, a framework's own server. Each is ended after its use. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project, quiet, work } from "./folders.js";

/** The running programs, which also end with this process. @type {Set<() => void>} */
const running = new Set();
process.on("exit", () => running.forEach((end) => end()));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** @typedef {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} Child */

/**
 * Runs a program while it is used; an error contains its output.
 * @template T
 * @param {string} folder
 * @param {string[]} command
 * @param {Record<string, string>} environment
 * @param {(child: Child) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withProgram(folder, [program, ...args], environment, use) {
  // A process group of its own, because npm and some frameworks start other processes and do not end them.
  const env = { ...process.env, ...quiet, ...environment };
  const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve, reject) => {
    child.on("exit", resolve).on("error", () => reject(new Error(`${program} cannot be started`)));
  });
  const early = ended.then((code) => {
    throw new Error(`${program} ended with ${code}`);
  });
  // The caller that waits for it reports it.
  early.catch(() => {});
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const end = () => void endGroup(child);
  running.add(end);
  try {
    return await Promise.race([use(child), early]);
  } catch (cause) {
    throw new Error(`${program} ${args.join(" ")} printed: ${printed || "nothing"}`, { cause });
  } finally {
    running.delete(end);
    if (endGroup(child)) await ended;
  }
}

/** @param {Child} child @returns {boolean} whether it had not ended by itself */
function endGroup({ pid }) {
  try {
    return pid !== undefined && process.kill(-pid, "SIGTERM");
  } catch {
    return false;
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
    const socket = connect(port, "localhost");
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
  // A port of its own for each run.
  const data = await mkdtemp(join(tmpdir(), "card-pin-stacks-"));
  const args = ["--port", "0", "--db", join(data, "sandbox.sqlite"), "--dist", join(project, "dist")];
  try {
    await withProgram(work, [program, ...args], {}, ({ stdout }) => addressIn(stdout).then(use));
  } finally {
    await rm(data, { recursive: true });
  }
}

/** @param {import("node:stream").Readable} stdout @returns {Promise<string>} the first address that is printed */
async function addressIn(stdout) {
  let printed = "";
  return new Promise((resolve) => {
    stdout.on("data", (text) => {
      printed += text;
      const [url] = /http:\/\/\S+(?=\s)/.exec(printed) ?? [];
      if (url) resolve(url);
    });
  });
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
  await withProgram(work, [program, script], environment, () => untilOpen(port).then(() => use(`http://127.0.0.1:${port}`)));
}

/**
 * A framework's server.
 * @param {string} folder
 * @param {string} gateway its address
 * @param {string[]} script the npm script that starts it, and its options
 * @param {(url: string) => Promise<void>} use
 */
export async function withServer(folder, gateway, [script, ...options], use) {
  const port = await freePort();
  const command = ["npm", "run", script, "--", "--port", String(port), ...options];
  // Some take the port from the environment.
  const environment = { GATEWAY: gateway, PORT: String(port) };
  await withProgram(folder, command, environment, () => untilOpen(port).then(() => use(`http://localhost:${port}/`)));
}
