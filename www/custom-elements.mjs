// @ts-check

/**
 * Makes two files from `card-pin.d.ts` and `docs/theming.md`: `custom-elements.json`, the manifest for editors and Storybook, and
 * `types/attributes.d.ts`, the attributes and properties for JSX and templates. Both are kept with the sources, and the tests
 * fail if one is stale. `node www/custom-elements.mjs` writes them.
 *
 * It reads the declarations itself instead of using `@custom-elements-manifest/analyzer`, which reads classes with their
 * implementation: ours are declared in a `.d.ts`, which it does not read.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ATTRIBUTES } from "./names.js";

/** @param {string} name @returns {string} */
const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

/** @param {string} comment the text between the comment signs @returns {string} */
const plain = (comment) => comment.replace(/\n\s*\* ?/g, " ").replace(/\s+/g, " ").trim();

/**
 * @param {string} text
 * @param {string} start
 * @returns {string} the text inside the braces that open there
 */
function inside(text, start) {
  const body = text.split(start)[1]?.split("\n}")[0];
  if (body === undefined) throw new Error(`"${start}" is not found`);
  return body;
}

const COMMENT = String.raw`\/\*\*((?:(?!\*\/)[^])*)\*\/\s+`;

/**
 * @typedef {object} Member
 * @property {string} description
 * @property {string} name
 * @property {string} [parameters] of a method
 * @property {string} type the type that it is read with, or that a method returns
 * @property {string} given the type that it can be set to
 */

/** @returns {Member[]} the members of the element's class */
function members() {
  const pattern = new RegExp(`${COMMENT}(get )?(\\w+)(\\([^)]*\\))?: ([^;]+);(?:\\s+set \\3\\(\\w+: ([^)]+)\\);)?`, "g");
  return [...inside(read("card-pin.d.ts"), "export class CardPin extends HTMLElement {").matchAll(pattern)].map(
    ([, comment, get, name, parameters, type, given = type]) => {
      return { description: plain(comment), name, parameters: get ? undefined : parameters, type, given };
    },
  );
}

/** @returns {{name: string, description: string}[]} */
function events() {
  const pattern = new RegExp(`${COMMENT}(\\w+): \\{`, "g");
  return [...inside(read("types/session.d.ts"), "export interface CardPinEventDetails {").matchAll(pattern)].map(
    ([, comment, name]) => ({ name, description: plain(comment) }),
  );
}

const theming = read("../docs/theming.md");

/**
 * Reads the rows of a table of `docs/theming.md`. One row may describe several names.
 * @param {RegExp} name
 */
function described(name) {
  const rows = theming.split("\n").map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  return rows.flatMap(([names = "", description = "", value = ""]) =>
    [...names.matchAll(name)].map(([, found], place) => ({ name: found, description, default: value.match(/`([^`]*)`/g)?.[place] })),
  );
}

/** @returns {object} the manifest, version 2.1.0 of the schema */
export function manifest() {
  const fields = members().filter(({ parameters }) => parameters === undefined);
  const attributeOf = Object.fromEntries(Object.entries(ATTRIBUTES).map(([attribute, property]) => [property, attribute]));
  const tells = /** @param {string} name */ (name) => `CardPinEventMap["${name}"]`;
  const declaration = { name: "CardPin", module: "card-pin.js" };
  const [, description] = read("card-pin.d.ts").match(new RegExp(`${COMMENT}export class CardPin`)) ?? [];
  return {
    schemaVersion: "2.1.0",
    modules: [
      {
        kind: "javascript-module",
        path: "card-pin.js",
        declarations: [
          {
            kind: "class",
            name: "CardPin",
            customElement: true,
            tagName: "card-pin",
            superclass: { name: "HTMLElement" },
            description: plain(description),
            attributes: fields
              .filter(({ name }) => name in attributeOf)
              .map(({ name, description, given }) => ({
                name: attributeOf[name],
                fieldName: name,
                description,
                type: { text: withoutNull(given) },
                default: description.match(/default:? `?([\w -]+?)`?[;.,]/)?.[1],
              })),
            members: members().map(({ name, description, parameters, type }) =>
              parameters === undefined
                ? { kind: "field", name, description, type: { text: type }, attribute: attributeOf[name], reflects: name in attributeOf || undefined }
                : { kind: "method", name, description, return: { type: { text: type } } },
            ),
            events: events().map(({ name, description }) => ({ name, description, type: { text: tells(name) } })),
            cssProperties: described(/`(--card-pin-[\w-]+)`/g).map(({ default: value, ...rest }) => ({ ...rest, default: value?.replaceAll("`", "") })),
            cssParts: described(/`(\w+)`/g).map(({ name, description }) => ({ name, description })),
            cssStates: [...(theming.match(/`card-pin:state\(NAME\)`[^:]*: ([^.]*)\./)?.[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => ({ name })),
          },
        ],
        exports: [
          { kind: "js", name: "CardPin", declaration },
          { kind: "custom-element-definition", name: "card-pin", declaration },
        ],
      },
    ],
  };
}

/** @param {string} type */
const withoutNull = (type) => type.replace(/ \| (null|undefined)/g, "");

/** @returns {string} the types of the attributes and of the properties */
export function attributes() {
  const fields = members().filter(({ parameters }) => parameters === undefined);
  /** @param {Member} member @param {string} name */
  const line = ({ description, given }, name) => `  /** ${description} */\n  ${name}?: ${withoutNull(given)} | undefined;\n`;
  const byAttribute = Object.entries(ATTRIBUTES).map(([attribute, property]) => {
    const field = fields.find(({ name }) => name === property);
    if (!field) throw new Error(`card-pin.d.ts does not have the property ${property}`);
    return line(field, /-/.test(attribute) ? JSON.stringify(attribute) : attribute);
  });
  return `// Made from card-pin.d.ts by custom-elements.mjs.

import type { ControlIdProvider, PadWords, PinBlockFormat, PinRules } from "../card-pin.js";

/** The attributes of \`<card-pin>\`. */
export interface CardPinAttributes {
${byAttribute.join("")}}

/** The properties of \`<card-pin>\`. */
export interface CardPinProperties {
${fields.map((field) => line(field, field.name)).join("")}}
`;
}

/** Both files, by their names in this folder. */
export const made = () => ({
  "custom-elements.json": `${JSON.stringify(manifest(), null, 2)}\n`,
  "types/attributes.d.ts": attributes(),
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(made())) writeFileSync(new URL(name, import.meta.url), text);
}
