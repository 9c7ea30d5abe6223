import "./page.js";
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { checkCanvas, toSettings } from "../options.js";

const needed = { controlId: "token", tzpkUrl: "/tzpk", setUrl: "/set" };
const settings = (changes) => toSettings({ ...needed, ...changes });

afterEach(() => {
  for (const name of Object.keys(Object.prototype)) delete Object.prototype[name];
});

test("missing options have their defaults, and addresses are absolute", () => {
  assert.deepEqual(settings().open, {
    operation: "set-pin",
    controlId: "token",
    tzpkUrl: "https://issuer.example/tzpk",
    setUrl: "https://issuer.example/set",
    viewUrl: "",
    statusUrl: null,
    minLength: 4,
    maxLength: 4,
    confirm: true,
    weakPin: "reject",
    birthDate: null,
    knownNumbers: [],
    keySize: 2048,
    pinBlockFormats: [1, 4],
    credentials: "omit",
    requestHeaders: [],
    timeoutMs: 10_000,
  });
  assert.equal(settings().mayRunOnPage, true);
  assert.equal(settings({ isolation: "worker" }).mayRunOnPage, false);
  assert.equal(settings({ controlIdProvider: () => "other" }).open.controlId, null);
  assert.equal(settings({ minLength: 6 }).open.maxLength, 6);
  assert.deepEqual(settings({ requestHeaders: { "x-csrf-token": "1", accept: "2" } }).open.requestHeaders, ["x-csrf-token", "1", "accept", "2"]);
  assert.equal(settings({ statusUrl: "/status" }).open.statusUrl, "https://issuer.example/status");
});

test("an error names the wrong option, but not its value", () => {
  const secret = "verysecret";
  const wrong = {
    operation: [secret, 1],
    controlId: ["with space", "é", "x".repeat(4097)],
    tzpkUrl: ["", 1, undefined, "ftp://x", "data:text/plain,x", "javascript:1", "https://no host/x", "https://issuer.example:99999/"],
    setUrl: [null, "file:///x"],
    minLength: [3, 13, "4", 4.5, NaN],
    maxLength: [3, 13],
    confirm: ["on", 1],
    weakPin: [secret],
    keySize: [1024, "2048"],
    timeoutMs: [0, 600_001, "10"],
    pinBlockFormats: [[], [2], "1", [1, secret]],
    credentials: [secret, true],
    requestHeaders: [{ "a b": "1" }, { a: `1\n${secret}` }, { a: 1 }, Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`x${at}`, ""]))],
    isolation: [secret],
    controlIdProvider: [secret],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      assert.throws(
        () => settings({ [name]: value }),
        ({ message }) => message.includes(name) && !message.includes(secret),
        name,
      );
    }
  }
});

test("facts about the customer go to the vault as digits", () => {
  const pinRules = { birthDate: "1987-04-23", phone: "+46 (0)70-174 06 05", accounts: ["SE35 5000 0000 0549 1000 0003", "GB29 NWBK 6016 1331 9268 19"] };
  const known = (pinRules) => {
    const { birthDate, knownNumbers } = settings({ pinRules }).open;
    return { birthDate, knownNumbers };
  };
  assert.deepEqual(known(pinRules), {
    birthDate: "19870423",
    knownNumbers: ["460701740605", "3550000000054910000003", "29", "60161331926819"],
  });
  assert.deepEqual(known({}), { birthDate: null, knownNumbers: [] });
  assert.deepEqual(known({ birthDate: undefined, phone: undefined, accounts: undefined }), known({}));
});

test("an error about them names the field, but not its content", () => {
  const wrong = {
    pinRules: [null, "1987-04-23", ["1987-04-23"], { birthdate: "1987-04-23" }, { birthDate: "1987-04-23", card: "4111" }],
    "pinRules.birthDate": ["1987-4-23", "23.04.1987", "1987-02-30", "1987-13-01", "0000-00-00", "", null, 19870423, "1987-04-23T00:00"],
    "pinRules.phone": ["", "123", "tel", null, 46701740605, "0".repeat(35), "+४६७०१७४०६०५", "0701\n740605"],
    "pinRules.accounts": ["5491000", [5491000], ["12-3"], [null], Array(11).fill("5491000"), { 0: "5491000" }],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const pinRules = name === "pinRules" ? value : { [name.split(".")[1]]: value };
      assert.throws(
        () => settings({ pinRules }),
        (error) => error instanceof TypeError && error.message.includes(name) && !/1987|5491|4111|0701|4670/.test(error.message),
        `${name}: ${JSON.stringify(value)}`,
      );
    }
  }
});

test("a control id has to come from somewhere", () => {
  for (const controlId of [undefined, "", null]) {
    assert.throws(() => settings({ controlId }), { code: "control_id_missing" });
  }
  for (const controlId of [7, {}, "a b"]) assert.throws(() => settings({ controlId }), /^TypeError: controlId has to be a string/);
});

test("a value that is not a plain object is refused, not read as an empty one", () => {
  const headers = [new Headers({ "x-csrf": "1" }), new Map([["x-csrf", "1"]]), ["x-csrf"], "x-csrf", null, 7];
  for (const requestHeaders of headers) assert.throws(() => settings({ requestHeaders }), /^TypeError: requestHeaders has to be an object/);
  for (const pinRules of [new Map([["phone", "5491123"]]), [], "phone", null, 7]) {
    assert.throws(() => settings({ pinRules }), /^TypeError: pinRules has to be an object/);
  }
});

test("a PIN is viewed on a canvas", () => {
  const viewing = { operation: "view-pin", viewUrl: "/view" };
  const { open } = settings(viewing);
  for (const canvas of [undefined, null, "canvas", document.createElement("div")]) {
    assert.throws(() => checkCanvas({ ...viewing, canvas }), /^TypeError: canvas has to be a canvas element/);
  }
  checkCanvas({ ...viewing, canvas: document.createElement("canvas") });
  checkCanvas({});
  for (const canvas of [undefined, null, document.createElement("canvas")]) checkCanvas({ operation: "set-pin", canvas });
  for (const canvas of [{ current: null }, document.createElement("div")]) {
    assert.throws(() => checkCanvas({ operation: "set-pin", canvas }), /^TypeError: canvas has to be a canvas element/);
  }
  assert.deepEqual([open.tzpkUrl, open.setUrl, open.viewUrl], ["", "", "https://issuer.example/view"]);
});

test("nothing on Object.prototype is an option", () => {
  Object.assign(Object.prototype, { workerUrl: "//evil", wasmUrl: "//evil", minLength: 12, credentials: "include", isolation: "worker" });
  const { open, source, mayRunOnPage } = toSettings(Object.assign(Object.create(null), needed));
  assert.deepEqual([open.minLength, open.credentials, mayRunOnPage], [4, "omit", true]);
  assert.equal(source.files.workerUrl, undefined);
});

test("an insecure page is refused", () => {
  globalThis.isSecureContext = false;
  try {
    assert.throws(() => settings(), /https/);
  } finally {
    delete globalThis.isSecureContext;
  }
});
