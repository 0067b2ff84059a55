/** What the documents say is true. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { counted } from "../bench/cost/counts.ts";
import { costTable } from "../bench/cost/model.ts";
import { upFlags } from "../bin/up-flags.ts";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "lib/openapi/facts/README.md",
  "docs/performance.md",
  "docs/access.md",
  "docs/aws.md",
  "docs/cost.md",
];
const top = /^(lib|lambdas|agent|bin|bench|test|docs|examples)\//;

describe.each(documents)("%s", (document) => {
  const text = read(document);

  test("names files and folders that are there", () => {
    const quoted = [...text.matchAll(/`([^`\s]+)`/g)].map(([, name]) => name);
    const paths = quoted.filter((name) => top.test(name) && !/[<…*]/.test(name));
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("links to files that are there", () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => join(root, dirname(document), link));
    expect(links.filter((link) => !existsSync(link))).toEqual([]);
  });

  test("names npm scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const run = [...text.matchAll(/npm run ([a-z-]+)/g)].map(([, name]) => name);
    expect(run.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test("README lists the flags of coracle up, no more and no fewer", () => {
  const rows = read("README.md")
    .split("\n")
    .filter((line) => line.startsWith("| `--"));
  const listed = rows.flatMap((row) => [...row.split(" | ")[0].matchAll(/`--([a-z-]+)/g)].map(([, name]) => name));
  const flags = upFlags.map(({ name }) => name).filter((name) => name !== "help");
  expect(listed.sort()).toEqual(flags.sort());
});

test("docs/cost.md has the table of the cost model", () => {
  expect(read("docs/cost.md")).toContain(`\n${costTable(counted)}\n`);
});

test("ARCHITECTURE lists the folders of lib", () => {
  const listed = [...read("ARCHITECTURE.md").matchAll(/^\| `lib\/([a-z]+)`/gm)].map(([, name]) => name);
  const folders = readdirSync(join(root, "lib"), { withFileTypes: true }).filter((one) => one.isDirectory());
  expect(listed.sort()).toEqual(folders.map(({ name }) => name).sort());
});
