/** Renders the repository's Markdown as HTML. */

import { createRequire } from "node:module";

const tools = createRequire(new URL("../target/npm/", import.meta.url));
/** One package without dependencies, which reads Markdown as GitHub does. */
const { Marked } = await import(tools.resolve("marked"));

const EXTERNAL = /^([a-z]+:|#)/;
/** A paragraph that is one link. */
const LONE_LINK = /(?<=\n\n)\[[^\]\n]+\]\(([^)\s]+)\)(?=\n\n|\n*$)/g;
/** File extensions of code for which highlighters use another name. */
const KINDS = { mjs: "js", cjs: "js", rs: "rust", py: "python", kt: "kotlin" };

/** @param {string} text */
export const escapeHtml = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** @param {string} text @returns {string} its first heading, without marks */
export const titleOf = (text) => plain(/^# +(.+)$/m.exec(text)?.[1] ?? "");

/** @param {string} text @returns {string} the first sentence of its first paragraph */
export function summaryOf(text) {
  const paragraph = text.split(/\n{2,}/).find((part) => /^[\p{L}`*[“"]/u.test(part)) ?? "";
  return plain(/^.*?[.:?!](?= |$)/.exec(paragraph.replaceAll("\n", " "))?.[0] ?? paragraph.replaceAll("\n", " ")).replace(/:$/, ".");
}

/** @param {string} text */
const plain = (text) =>
  text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/`([^`]*)`|<[^>]*>|\*/g, (_, code) => code ?? "");

/** @param {string} path @param {string} code */
export function codeBlock(path, code) {
  const end = path.split(".").pop() ?? "";
  return `**\`${path}\`**\n\n\`\`\`\`${KINDS[end] ?? end}\n${code.trimEnd()}\n\`\`\`\``;
}

/**
 * Puts a file of code in the place of a paragraph that only links to it, so that readers see the code that the tests run.
 * @param {string} text
 * @param {(link: string) => Promise<string | undefined>} readCode gets the path of the link; returns `undefined` if it is not code
 */
export async function withIncludes(text, readCode) {
  const blocks = await Promise.all([...text.matchAll(LONE_LINK)].map(([, link]) => readCode(link)));
  return text.replace(LONE_LINK, (link) => blocks.shift() ?? link);
}

/** The name by which a heading can be linked to, as GitHub forms it. @param {string} heading @param {Set<string>} taken */
function anchorOf(heading, taken) {
  const name = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
  let free = name;
  for (let number = 1; taken.has(free); number += 1) free = `${name}-${number}`;
  taken.add(free);
  return free;
}

/**
 * @param {string} text
 * @param {(link: string) => string} addressOf gives the address on the site for a link of the repository
 * @returns {{html: string, headings: {anchor: string, html: string}[]}} with the headings of the second level
 */
export function render(text, addressOf) {
  const taken = new Set();
  const headings = [];
  const renderer = {
    heading({ tokens, depth, text: heading }) {
      const anchor = anchorOf(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1"), taken);
      const html = this.parser.parseInline(tokens);
      if (depth === 2) headings.push({ anchor, html: html.replace(/<\/?a\b[^>]*>/g, "") });
      return `<h${depth} id="${anchor}">${html}</h${depth}>\n`;
    },
    code({ text: code, lang }) {
      // A part that scrolls needs to be reachable by keyboard. A header is one long line, and is wrapped.
      return `<pre ${lang === "http" ? 'class="wrapped"' : 'tabindex="0"'}><code>${escapeHtml(code)}</code></pre>\n`;
    },
    checkbox: () => '<span class="box" aria-hidden="true">☐</span> ',
    table({ header, rows }) {
      const row = (cells, tag) =>
        `<tr>${cells.map(({ tokens, align }) => `<${tag}${align ? ` class="${align}"` : ""}>${this.parser.parseInline(tokens)}</${tag}>`).join("")}</tr>`;
      const head = header.some(({ text: cell }) => cell) ? `<thead>${row(header, "th")}</thead>` : "";
      return `<div class="table" tabindex="0"><table>${head}<tbody>${rows.map((cells) => row(cells, "td")).join("\n")}</tbody></table></div>\n`;
    },
  };
  const walkTokens = (token) => {
    if (["link", "image"].includes(token.type) && !EXTERNAL.test(token.href)) token.href = addressOf(token.href);
    if (token.type === "html") token.text = token.text.replace(/(?<= (?:src|href)=")(?!#|[a-z]+:)[^"]+/g, addressOf);
  };
  return { html: /** @type {string} */ (new Marked({ renderer, walkTokens }).parse(text)), headings };
}
