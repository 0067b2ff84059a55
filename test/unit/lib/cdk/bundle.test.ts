/** Bundles run where nothing of ours is installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { systemNodeRules } from "../../../../lib/apiserver/bootstrap/objects.ts";
import { bundleAgent } from "../../../../lib/cdk/agent-bundle.ts";
import { bundle, projectFolder, putData } from "../../../../lib/cdk/bundle.ts";
import { descriptionsOf } from "../../../../lib/openapi/documents/descriptions.ts";
import { definition } from "../../../../lib/openapi/schema.ts";

const top = mkdtempSync(join(tmpdir(), "bundle-"));
afterAll(() => rmSync(top, { recursive: true }));
const folder = () => mkdtempSync(join(top, "one-"));

/** What a module of a folder says to a line of code, in a process of its own there. */
function evaluate(file: string, code: string, environment: Readonly<Record<string, string>> = {}): unknown {
  const program = `const bundled = await import(${JSON.stringify(pathToFileURL(file).href)});
    console.log(JSON.stringify(${code}));`;
  const options = { cwd: join(file, ".."), env: { ...environment }, encoding: "utf8" } as const;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", program], options));
}

const entries = readdirSync(join(projectFolder, "lambdas")).filter((name) => name.endsWith(".ts"));
/** What functions must be told to start at all. */
const environment = {
  AWS_REGION: "us-east-1",
  TABLE_NAME: "table",
  API_URL: "https://api.example/prod",
  SIGNING_KEY_ID: "key",
  CONTROLLERS_QUEUE_URL: "https://sqs.example/controllers",
  SCHEDULER_QUEUE_URL: "https://sqs.example/scheduler",
  DELAYS_QUEUE_URL: "https://sqs.example/delays",
  WATCH_MODE: "buffered",
};

describe.each(entries)("lambdas/%s", (entry) => {
  it("is deployed", () => {
    const functions = readFileSync(join(projectFolder, "lib/cdk/functions.ts"), "utf8");
    expect(functions).toContain(`entry: "lambdas/${entry}"`);
  });

  it("is one module that needs nothing but Node.js, the SDK being in it, and has a handler", () => {
    const file = join(folder(), "index.mjs");
    bundle(`lambdas/${entry}`, file);
    expect(readFileSync(file, "utf8")).not.toContain("sourceMappingURL");
    expect(evaluate(file, "typeof bundled.handler", environment)).toBe("function");
    // What nobody needs at first is not loaded: it took a third of the start.
    const loaded = 'process.moduleLoadList.filter((name) => name.includes("undici"))';
    expect(evaluate(file, loaded, environment)).toEqual([]);
  });
});

it("what is not in the bundle is an error", () => {
  const here = folder();
  writeFileSync(join(here, "entry.ts"), 'import { absent } from "absent-package";\nexport const handler = absent;\n');
  expect(() => bundle(join(here, "entry.ts"), join(here, "index.mjs"))).toThrow(/absent-package/);
});

describe("data beside a bundle", () => {
  it("is found: facts", () => {
    const file = join(folder(), "index.mjs");
    bundle("lib/openapi/schema.ts", file);
    putData(["facts"], join(file, ".."));
    expect(evaluate(file, 'bundled.definition("core.v1.Pod")')).toEqual(definition("core.v1.Pod"));
  });

  it("is found: a fresh cluster's objects", () => {
    const file = join(folder(), "index.mjs");
    bundle("lib/apiserver/bootstrap/objects.ts", file);
    putData(["objects"], join(file, ".."));
    expect(evaluate(file, "bundled.systemNodeRules()")).toEqual(systemNodeRules());
  });

  it("is found: descriptions", () => {
    const file = join(folder(), "index.mjs");
    bundle("lib/openapi/documents/descriptions.ts", file);
    const own = 'bundled.descriptionsOf("core.v1.Pod").own';
    expect(evaluate(file, `${own} === undefined`)).toBe(true);
    putData(["descriptions"], join(file, ".."));
    expect(evaluate(file, own)).toBe(descriptionsOf("core.v1.Pod").own);
    expect(evaluate(file, 'bundled.parameterDescription("listNamespacedPod", "limit")')).toMatch(/limit/);
  });
});

describe("the agent's file", () => {
  it("runs alone", () => {
    const file = join(folder(), "agent.mjs");
    bundleAgent(file);
    const { status, stderr } = spawnSync(process.execPath, [file, "--nonsense"], {
      cwd: top,
      encoding: "utf8",
      env: {},
    });
    expect(stderr).toContain("usage: ");
    expect(status).toBe(2);
  });

  it("has the runtime's interface in it", () => {
    const file = join(folder(), "client.mjs");
    bundleAgent(file, "agent/runtime/cri/client.ts");
    expect(evaluate(file, '[typeof bundled.createCriClient("/absent").runPodSandbox]')).toEqual(["function"]);
  });
});
