/**
 * Makes the site of the documents in `target/site/`: `node site/build.js`, after `cargo xtask build`. It works from a folder, without
 * a server and without network. Each document is there as HTML and as Markdown, at the path that it has in the repository: mdBook
 * has a folder of its own for its pages, and does not show the code of the examples in them.
 */

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { codeBlock, render, summaryOf, titleOf, withIncludes } from "./markdown.js";
import { readNavigation } from "./navigation.js";
import { PLAYGROUND, bundlePlayground, playground } from "./playground-page.js";
import { pageOf } from "./template.js";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const target = join(root, "target/site");

const PICTURE = /\.(png|svg)$/;
/** Files of an example that are not worth reading. */
const UNREAD = /^(package-lock\.json|node_modules)$/;
/** The most that the page of a folder shows of its files, in characters; it lists them otherwise. */
const SHOWN = 40_000;

/** @param {string} path in the repository @returns {string} of its page */
const pageAt = (path) => (path.endsWith(".html") ? path : path.replace(/README\.md$|\.md$|$/, (end) => (end === "README.md" ? "index.html" : ".html")));

export async function build() {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const navigation = await readNavigation(root);
  /** Pages by their path in the repository; what a page links to is added while it is made. @type {Map<string, string>} */
  const pages = new Map();
  const queue = navigation.flatMap(({ entries }) => entries.map(([, path]) => path.split("#")[0]));
  /** @type {Map<string, string>} */
  const summaries = new Map();
  for (const path of queue) {
    if (pages.has(path)) continue;
    const page = await pageFor(path, (linked) => queue.push(linked));
    pages.set(path, page.at);
    summaries.set(path, page.summary);
    await write(page.at, pageOf(page, sectionsAt(page.at, path, navigation), (to) => relative(page.at, to)));
  }
  await cp(join(root, "site/site.css"), join(target, "site.css"));
  await bundlePlayground(root, target);
  await write("llms.txt", llmsTxt(navigation, summaries));
  return [...pages.values()];
}

/** @param {string} from the path of a page @param {string} to another path, with an anchor perhaps */
function relative(from, to) {
  const [path, anchor] = to.split("#");
  return posix.relative(dirname(from), path) + (anchor ? `#${anchor}` : "");
}

/** @param {string} at @param {string} text */
async function write(at, text) {
  await mkdir(dirname(join(target, at)), { recursive: true });
  await writeFile(join(target, at), text);
}

/** @param {string} at @param {string} here @param {Awaited<ReturnType<typeof readNavigation>>} navigation */
const sectionsAt = (at, here, navigation) =>
  navigation.map(({ title, entries }) => ({
    title,
    entries: entries.map(([label, path]) => ({ label, href: relative(at, addressOf(path)), isHere: path === here })),
  }));

/** @param {string} path with an anchor perhaps @returns {string} on the site */
function addressOf(path) {
  const [file, anchor] = path.split("#");
  const at = isFolder(file) ? `${file}/index.html` : pageAt(file);
  return anchor ? `${at}#${anchor}` : at;
}

/** @param {string} path */
const isFolder = (path) => !basename(path).includes(".") && !/^LICENSE/.test(basename(path));

/** The page of a folder is its README, if it has one. @param {string} path */
const withReadme = (path) => (isFolder(path) && existsSync(join(root, path, "README.md")) ? `${path}/README.md` : path);

/** @param {string} path @param {(path: string) => void} alsoNeeds @returns {Promise<import("./template.js").Page & {at: string}>} */
async function pageFor(path, alsoNeeds) {
  const at = addressOf(path);
  if (path === PLAYGROUND) return { at, ...(await playground(root)) };
  const text = await markdownOf(path);
  const markdown = path.endsWith(".md") ? path : `${at.replace(/index\.html$|\.html$/, (end) => (end === "index.html" ? "README" : ""))}.md`;
  await write(markdown, text);
  const folder = isFolder(path) ? path : dirname(path);
  const pictures = [];
  const { html, headings } = render(text, (link) => {
    const [file, anchor] = link.split("#");
    const linked = withReadme(posix.join(folder, file).replace(/\/$/, ""));
    if (PICTURE.test(file)) {
      pictures.push(linked);
      return link;
    }
    alsoNeeds(linked);
    return relative(at, addressOf(anchor ? `${linked}#${anchor}` : linked));
  });
  for (const picture of pictures) await cp(join(root, picture), join(target, picture));
  return { at, title: titleOf(text), summary: summaryOf(text), html, headings, markdown: relative(at, markdown) };
}

/** @param {string} path @returns {Promise<string>} a document, or what there is to read of a folder or of a file of code */
async function markdownOf(path) {
  const file = join(root, path);
  if (isFolder(path)) return folderText(path);
  const text = await readFile(file, "utf8");
  if (!path.endsWith(".md")) {
    await write(path, text);
    return `# ${basename(path)}\n\n${codeBlock(path, text)}\n`;
  }
  return withIncludes(text, async (link) => {
    const linked = posix.join(dirname(path), link);
    const isCode = !/^[a-z]+:|#|\.md$/.test(link) && !PICTURE.test(link) && !isFolder(link);
    return isCode ? codeBlock(link, await readFile(join(root, linked), "utf8")) : undefined;
  });
}

/** @param {string} path @returns {Promise<string>} */
async function folderText(path) {
  const files = [];
  for (const name of (await readdir(join(root, path), { recursive: true })).sort()) {
    if (name.split("/").some((part) => UNREAD.test(part)) || !(await stat(join(root, path, name))).isFile()) continue;
    files.push({ name, text: await readFile(join(root, path, name), "utf8") });
  }
  const isShort = files.reduce((sum, { text }) => sum + text.length, 0) < SHOWN;
  const blocks = files.map(({ name, text }) => (isShort ? codeBlock(name, text) : `- \`${name}\``));
  return `# ${basename(path)}\n\n${blocks.join(isShort ? "\n\n" : "\n")}\n`;
}

/** The form of llmstxt.org: a title, a quotation, and lists of links. @param {any} navigation @param {Map<string, string>} summaries */
function llmsTxt(navigation, summaries) {
  const sections = navigation.map(({ title, entries }) => {
    const lines = entries
      .filter(([, path]) => !path.includes("#") && path !== PLAYGROUND)
      .map(([label, path]) => `- [${label}](${isFolder(path) ? `${path}/README.md` : path}): ${summaries.get(path)}`);
    return `## ${title}\n\n${lines.join("\n")}\n`;
  });
  return `# card-pin\n\n> ${summaries.get("README.md")}\n\n${sections.join("\n")}`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const pages = await build();
  console.log(`${pages.length} pages: open target/site/index.html`);
}
