/** The frame of every page of the site. */

import { escapeHtml } from "./markdown.js";

/**
 * @typedef {object} Page
 * @property {string} title
 * @property {string} summary
 * @property {string} html
 * @property {string} [markdown] the address of the same text as Markdown
 * @property {{anchor: string, html: string}[]} [headings]
 * @property {string} [script]
 */

/**
 * @param {Page} page
 * @param {{title: string, entries: {label: string, href: string, isHere: boolean}[]}[]} sections
 * @param {(path: string) => string} to gives the address of a path from the root of the site
 */
export function pageOf({ title, summary, html, markdown, headings = [], script }, sections, to) {
  const name = title === "card-pin" ? title : `${title} – card-pin`;
  const list = sections.map(
    ({ title: section, entries }) =>
      `<h2>${escapeHtml(section)}</h2>\n<ul>${entries
        .map(({ label, href, isHere }) => `<li><a href="${href}"${isHere ? ' aria-current="page"' : ""}>${escapeHtml(label)}</a></li>`)
        .join("\n")}</ul>`,
  );
  const contents = headings.map(({ anchor, html: heading }) => `<li><a href="#${anchor}">${heading}</a></li>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(name)}</title>
<meta name="description" content="${escapeHtml(summary)}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to("site.css")}">
${markdown ? `<link rel="alternate" type="text/markdown" href="${markdown}">` : ""}
${script ? `<script defer src="${script}"></script>` : ""}
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header>
<a class="name" href="${to("index.html")}">card-pin</a>
<button type="button" popovertarget="pages">Pages</button>
</header>
<nav id="pages" popover aria-label="Pages">
${list.join("\n")}
</nav>
<main id="content" tabindex="-1">
${html}
</main>
${contents.length > 2 ? `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${contents.join("\n")}</ul></nav>` : ""}
<footer>
${markdown ? `<a href="${markdown}">This page as Markdown</a>` : ""}
<a href="${to("llms.txt")}">llms.txt</a>
<span>MIT or Apache-2.0</span>
</footer>
</body>
</html>
`;
}
