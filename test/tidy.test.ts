/** Rules of the code that no linter knows. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .trim()
  .split("\n")
  .filter((file) => existsSync(join(root, file)));
const sources = files.filter((file) => file.endsWith(".ts"));
const written = sources.filter((file) => !file.startsWith("lib/openapi/types/"));
const code = written.filter((file) => /^(lib|agent|lambdas)\//.test(file));
const manifest = JSON.parse(read("package.json"));

/** Where a process starts; nothing imports these. */
const entries = [
  /^bin\/(coracle|demo)\.ts$/,
  /^bench\/([a-z-]+|cost\/print)\.ts$/,
  /^agent\/(main|simulated\/main)\.ts$/,
  /^lambdas\/[a-z-]+\.ts$/,
  /^lib\/cdk\/app\.ts$/,
  /^lib\/openapi\/generator\/generate\.ts$/,
  /^lib\/openapi\/types\//,
  /^lib\/apiserver\/bootstrap\/extract\.ts$/,
  /^test\/(run|corpus\/(replay|import))\.ts$/,
  /-process\.ts$/,
  /\.test\.ts$/,
  /^vitest\.config\.ts$/,
];

const statement =
  /^(?:import|export|\})(?: [^"=]*)? from "([^"]+)";$|^import "([^"]+)";$|\bimport\("([^"]+)"\)|import\.meta\.resolve\("([^"]+)"\)/gm;
const specifiers = (file: string) =>
  [...read(file).matchAll(statement)].map((match) => match.slice(1).find((name) => name !== undefined) as string);
const imports = new Map(sources.map((file) => [file, specifiers(file)]));
const packageOf = (specifier: string) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

describe("files", () => {
  test("have at most 400 lines", () => {
    const long = written.filter((file) => !file.endsWith(".test.ts") && read(file).split("\n").length > 401);
    expect(long).toEqual([]);
  });

  test("of code have lines of at most 120 columns, long texts aside", () => {
    const isWide = (line: string) => line.length > 120 && !/["'`/]/.test(line);
    expect(written.filter((file) => read(file).split("\n").some(isWide))).toEqual([]);
  });

  test("are imported by something, or start a process", () => {
    const used = new Set<string>();
    for (const [file, names] of imports) {
      for (const name of names) if (name.startsWith(".")) used.add(normalize(join(dirname(file), name)));
    }
    const dead = sources.filter((file) => !used.has(file) && !entries.some((entry) => entry.test(file)));
    expect(dead).toEqual([]);
  });

  test("of code say in a comment what they are for", () => {
    const silent = code.filter((file) => !/^(#!.*\n)?(import [^;]*;\n|\n)*\/\*\*/.test(read(file)));
    expect(silent).toEqual([]);
  });

  test("leave nothing to be done", () => {
    const marks = new RegExp(["TO" + "DO", "FIX" + "ME", "X" + "XX"].map((mark) => `\\b${mark}\\b`).join("|"));
    expect(written.filter((file) => marks.test(read(file)))).toEqual([]);
  });

  test("skip no test", () => {
    const skips = /\b(test|it|describe)\.(skip|only|todo)\b/;
    expect(sources.filter((file) => file !== "test/tidy.test.ts" && skips.test(read(file)))).toEqual([]);
  });
});

describe("packages", () => {
  const named = new Set(
    [...imports.values()]
      .flat()
      .filter((name) => !/^(\.|node:)/.test(name))
      .map(packageOf),
  );

  test("that are imported are declared", () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies };
    expect([...named].filter((name) => !(name in declared))).toEqual([]);
  });

  test("that are declared are imported", () => {
    const idle = Object.keys(manifest.dependencies).filter((name) => !named.has(name));
    expect(idle).toEqual([]);
  });

  test("come from no particular registry", () => {
    expect(read("package-lock.json")).not.toContain('"resolved"');
  });
});
