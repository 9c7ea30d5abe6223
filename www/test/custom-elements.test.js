import "./page.js";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { made, manifest } from "../custom-elements.mjs";
import { ATTRIBUTES, PROPERTIES } from "../names.js";
import { DEFAULTS } from "../options.js";

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const element = manifest().modules[0].declarations[0];
const names = (list) => list.map(({ name }) => name).sort();

test("the file that is made from the types is up to date", () => {
  for (const [name, text] of Object.entries(made())) {
    assert.equal(read(name), text, `www/${name} is stale: run \`node www/custom-elements.mjs\``);
  }
});

test("every attribute and property is described, and no other", () => {
  assert.deepEqual(names(element.attributes), Object.keys(ATTRIBUTES).sort());
  const fields = element.members.filter(({ kind }) => kind === "field");
  assert.deepEqual(names(fields), PROPERTIES.toSorted());
});

test("every method is described, and no other", async () => {
  const { CardPin } = await import("../card-pin.js");
  const reactions = ["constructor", "connectedCallback", "disconnectedCallback", "attributeChangedCallback"];
  const own = Object.entries(Object.getOwnPropertyDescriptors(CardPin.prototype))
    .filter(([name, { value }]) => typeof value === "function" && !reactions.includes(name))
    .map(([name]) => name)
    // Every element has one.
    .filter((name) => name !== "focus");
  assert.deepEqual(names(element.members.filter(({ kind }) => kind === "method")), own.sort());
});

test("a default is the one that counts", () => {
  for (const { name, fieldName, default: said } of element.attributes) {
    const used = DEFAULTS[fieldName];
    if (used === undefined) continue;
    const written = typeof used === "boolean" ? { true: "on", false: "off" }[used] : [used].flat().join(" ");
    assert.equal(said, written, name);
  }
});

test("every event of the element is described", () => {
  const told = ["element.js", "session-state.js"].flatMap((script) =>
    [...read(script).matchAll(/event: [^,}]*/g)].flatMap(([field]) => field.match(/"[a-z_]+"/g) ?? []),
  );
  // A spelt digit does not leave the pad.
  const events = new Set(told.map((name) => JSON.parse(name)).filter((name) => name !== "spell"));
  assert.deepEqual(names(element.events), [...events].sort());
});

test("every custom property of the style is described, and every part that is", () => {
  assert.deepEqual(names(element.cssProperties), [...new Set(read("card-pin.css").match(/--card-pin-[\w-]+/g))].sort());
  const drawn = ["pane.js", "stage.js", "keypad.js", "describe-pad.js", "describe-view.js", "entry-field.js", "pad.js", "view-pane.js"].map(read).join();
  for (const { name } of element.cssParts) assert.match(drawn, new RegExp(`"${name}"`));
});

test("everything has a description", () => {
  for (const list of [element.attributes, element.members, element.events, element.cssProperties, element.cssParts]) {
    assert.ok(list.length > 0);
    for (const { name, description } of list) assert.ok(description, name);
  }
  assert.ok(element.cssStates.length > 0);
});
