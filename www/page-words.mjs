// @ts-check

/** Writes the words of the hosted page, in each language, as one JSON file for the server that fills in `page.html`. */

import { readdirSync, writeFileSync } from "node:fs";

/** @type {Record<string, object>} */
const pages = {};
for (const file of readdirSync(new URL("languages/", import.meta.url)).sort()) {
  const { default: texts } = await import(new URL(`languages/${file}`, import.meta.url).href);
  const [language] = file.split(".");
  pages[language] = { dir: language === "ar" ? "rtl" : "ltr", ...texts.page };
}
writeFileSync(process.argv[2], JSON.stringify(pages));
