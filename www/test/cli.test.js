import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

/** The content of the package. */
const FILES = { "card-pin.js": "the script", "card-pin.worker.js": "the worker", "languages/sv.js": "a language", "sbom.cdx.json": "a list" };

let folder;
let server;
let url;
/** What the server delivers, by path: a text, or a status. */
let delivered = {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "card-pin-cli-"));
  const sums = Object.entries(FILES).map(([name, text]) => [name, `sha384-${createHash("sha384").update(text).digest("base64")}`]);
  await cp(new URL("../cli.mjs", import.meta.url), join(folder, "cli.mjs"));
  await writeFile(join(folder, "integrity.json"), JSON.stringify(Object.fromEntries(sums)));
  await writeFile(join(folder, "package.json"), JSON.stringify({ version: "1.2.3" }));
  server = createServer(({ url: path }, answer) => {
    const file = delivered[path.replace("/pad/", "")] ?? 404;
    if (typeof file === "number") answer.writeHead(file, { location: "/pad/card-pin.js" }).end();
    else answer.end(file);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${server.address().port}/pad`;
});

after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  delivered = { ...FILES };
});

async function run(...args) {
  const child = spawn(process.execPath, [join(folder, "cli.mjs"), ...args]);
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (printed[name] += text));
  const [code] = await once(child, "close");
  return { code, ...printed };
}

test("a server that delivers the package passes", async () => {
  delete delivered["sbom.cdx.json"];
  const { code, stdout } = await run("compare", url);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    "same     card-pin.js\nsame     card-pin.worker.js\nsame     languages/sv.js\nabsent   sbom.cdx.json\ncard-pin 1.2.3: 3 the same, 0 changed, 1 absent.\n",
  );
});

test("one changed byte of any file is noticed", async () => {
  for (const [name, text] of Object.entries(FILES)) {
    delivered = { ...FILES, [name]: text.replace(/.$/, "!") };
    const { code, stdout } = await run("compare", `${url}/`);
    assert.equal(code, 1);
    assert.deepEqual(stdout.match(/^CHANGED.*$/gm), [`CHANGED  ${name}`]);
  }
});

test("a file that is named has to be there", async () => {
  delete delivered["sbom.cdx.json"];
  assert.equal((await run("compare", url, "card-pin.js")).code, 0);
  assert.equal((await run("compare", url, "card-pin.js", "sbom.cdx.json")).code, 1);
});

test("an impossible comparison is not a success", async () => {
  for (const [args, pattern] of [
    [[], /^Usage/],
    [["compare"], /^Usage/],
    [["compare", "file:///etc"], /^Usage/],
    [["other", url], /^Usage/],
    [["compare", url, "gone.js"], /does not name the file gone\.js/],
    [["compare", url.replace(/:\d+/, ":1")], /\/card-pin\.js does not answer/],
    [["compare", `${url}/elsewhere`], /None of the files is there/],
  ]) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, pattern);
  }
  for (const status of [302, 503]) {
    delivered["card-pin.js"] = status;
    const { code, stderr } = await run("compare", url);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`/pad/card-pin\\.js answered ${status}`));
  }
});
