/**
 * Makes one ES module of an entry and all that it imports, the AWS SDK included, by the local esbuild: no container, no
 * network. What the code reads at run time is put beside it: every module of a bundle has the bundle's folder as its
 * `import.meta.dirname`, so that a path that begins there holds in the source and in the bundle.
 */
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { buildSync } from "esbuild";

/** The project's folder. */
export const projectFolder = join(import.meta.dirname, "../..");

/** What a bundle reads at run time. */
export type BundleData =
  /** What Kubernetes serves: `lib/openapi/facts`. */
  | "facts"
  /** What a fresh cluster holds: `lib/apiserver/bootstrap/objects`. */
  | "objects"
  /** What fields mean, in words: for who serves OpenAPI documents and tables. */
  | "descriptions";

const copy = (from: string, to: string) =>
  cpSync(join(projectFolder, from), to, { recursive: true, filter: (name) => !name.endsWith(".md") });

const put: Readonly<Record<BundleData, (folder: string) => void>> = {
  facts: (folder) => copy("lib/openapi/facts", join(folder, "facts")),
  objects: (folder) => copy("lib/apiserver/bootstrap/objects", join(folder, "objects")),
  descriptions: (folder) => {
    const collector = join(projectFolder, "lib/openapi/documents/collect-process.ts");
    execFileSync(process.execPath, [collector, join(folder, "descriptions.json")]);
  },
};

/** Puts data beside a bundle. */
export function putData(data: readonly BundleData[], folder: string): void {
  for (const name of data) put[name](folder);
}

// Packages in CommonJS require node's modules; an ES module has no `require` of its own.
const requireInModule = [
  'import { createRequire as createRequireOfBundle } from "node:module";',
  "const require = createRequireOfBundle(import.meta.url);",
].join("");

/**
 * Bundles an entry (a path in the project) into a file (a whole path). Global names that are defined are replaced by
 * what they are defined as, in JavaScript. Gives the files that something of is in the bundle, as paths from the
 * project's folder. Throws what esbuild says, and where anything but Node.js stays outside.
 */
export function bundle(entry: string, file: string, define: Readonly<Record<string, string>> = {}): readonly string[] {
  const { metafile } = buildSync({
    absWorkingDir: projectFolder,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // ES modules first: what of them is unused can be left out.
    mainFields: ["module", "main"],
    alias: { "node:http": join(projectFolder, "lib/cdk/node-http.cjs") },
    // Names stay as they are, for the stack traces in the logs.
    minifySyntax: true,
    minifyWhitespace: true,
    // Node.js prints the line that an error is thrown on.
    lineLimit: 500,
    legalComments: "none",
    define: { ...define },
    banner: { js: requireInModule },
    logLevel: "warning",
    metafile: true,
  });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const foreign = outside.filter((name) => !isBuiltin(name));
  if (foreign.length > 0) throw new Error(`${entry} needs what is not in its bundle: ${foreign.join(", ")}`);
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([name]) => name);
}
