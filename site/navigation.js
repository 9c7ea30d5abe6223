/** The pages of the site, by the reader's purpose. Pages that these link to are added. */

import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { titleOf } from "./markdown.js";

/**
 * Each section has a title and its entries: a label, and a path in the repository. Examples are added automatically.
 * @param {string} root
 * @returns {Promise<{title: string, entries: [string, string][]}[]>}
 */
export async function readNavigation(root) {
  const examples = await readExamples(root);
  const ofKind = (wanted) => examples.filter(({ kind }) => kind === wanted).map(({ label, path }) => [label, path]);
  const section = (title, ...entries) => ({ title, entries });
  return [
    section(
      "Start",
      ["What it is", "README.md"],
      ["Start in ten minutes", "docs/start.md"],
      ["Three ways in", "docs/integration.md"],
      ["All examples", "examples/README.md"],
    ),
    section("Your stack", ...ofKind("stack")),
    section("Your app", ["Web views", "docs/web-views.md"], ...ofKind("app")),
    section(
      "Your back-end",
      ...ofKind("gateway"),
      ["The relay", "relay/README.md"],
      ["Deploying the relay", "docs/deployment.md"],
      ["Operating the relay", "docs/operations.md"],
      ["Runbook of the relay", "docs/runbook.md"],
      ["The sandbox", "docs/sandbox.md"],
    ),
    section(
      "Your design",
      ["Theming", "docs/theming.md"],
      ["Playground", "playground.html"],
      ["Languages and words", "docs/languages.md"],
      ["Accessibility", "docs/accessibility.md"],
      ["Which PINs are refused", "docs/pin-policy.md"],
    ),
    section(
      "Look up",
      ["Attributes and properties", "docs/reference.md"],
      ["Events", "docs/reference.md#events"],
      ["Requests and answers", "docs/reference.md#requests-and-answers"],
      ["Codes, and what to do", "docs/codes.md"],
    ),
    section(
      "Before customers come",
      ["Policies and headers", "docs/headers.md"],
      ["Service workers", "docs/service-workers.md"],
      ["Script integrity", "docs/script-integrity.md"],
      ["Testing", "docs/testing.md"],
      ["Going live", "docs/going-live.md"],
      ["Upgrading", "docs/upgrading.md"],
      ["Changes", "CHANGELOG.md"],
    ),
    section(
      "Security",
      ["What is promised", "SECURITY.md"],
      ["For assessors", "docs/security/README.md"],
      ["Threat model", "docs/security/threat-model.md"],
      ["Requirements", "docs/security/requirements.md"],
    ),
    section(
      "The project",
      ["Architecture", "docs/architecture.md"],
      ["Decisions", "docs/adr/README.md"],
      ["Benchmark", "docs/benchmark.md"],
      ["Contributing", "CONTRIBUTING.md"],
    ),
  ];
}

/** @param {string} root */
async function readExamples(root) {
  const folders = (await readdir(join(root, "examples"), { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const examples = folders.map(async ({ name }) => {
    const folder = join(root, "examples", name);
    const has = (file) => existsSync(join(folder, file));
    const kind = name.startsWith("gateway-") ? "gateway" : has("package.json") || has("index.html") ? "stack" : "app";
    const readme = `examples/${name}/README.md`;
    const label = has("README.md") ? titleOf(await readFile(join(root, readme), "utf8")) : name;
    return { kind, label, path: has("README.md") ? readme : `examples/${name}` };
  });
  return (await Promise.all(examples)).sort((one, other) => one.label.localeCompare(other.label, "en"));
}
