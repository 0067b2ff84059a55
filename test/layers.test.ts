/** Plants one forbidden import in each folder of ARCHITECTURE.md's table and expects the linter to refuse it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const violations: [folder: string, imported: string][] = [
  ["lib/apimachinery", "../storage/interface.ts"],
  ["lib/openapi", "../apiserver/server.ts"],
  ["lib/storage", "../registry/strategy.ts"],
  ["lib/client", "../openapi/types/core-v1.ts"],
  ["lib/registry", "../storage/interface.ts"],
  ["lib/nodes", "../storage/interface.ts"],
  ["lib/quota", "../client/interface.ts"],
  ["lib/apiserver", "../aws/sqs.ts"],
  ["lib/controllers", "../storage/interface.ts"],
  ["lib/scheduler", "../apiserver/server.ts"],
  ["lib/aws", "../apiserver/server.ts"],
  ["lib/local", "../../lambdas/api.ts"],
  ["lib/cdk", "../apiserver/server.ts"],
  ["lib/apiserver", "@aws-sdk/client-dynamodb"],
  ["lib/registry", "aws-cdk-lib"],
  ["lib/cdk", "@aws-sdk/client-sqs"],
  ["lib/aws", "aws-cdk-lib"],
  ["lambdas", "../lib/local/up.ts"],
  ["lambdas", "aws-cdk-lib"],
  ["lambdas", "cdk-nag"],
  ["agent", "../lib/storage/interface.ts"],
  ["bin", "../lambdas/api.ts"],
];

let sandbox: string;

beforeAll(() => {
  sandbox = mkdtempSync(join(tmpdir(), "layers-"));
  for (const name of ["biome.json", "node_modules"]) symlinkSync(join(root, name), join(sandbox, name));
  writeFileSync(join(sandbox, ".gitignore"), "");
});

afterAll(() => rmSync(sandbox, { recursive: true }));

function lint(file: string): string {
  const biome = join(root, "node_modules/.bin/biome");
  const args = ["lint", "--only=style/noRestrictedImports", "--vcs-enabled=false", file];
  try {
    return execFileSync(biome, args, { cwd: sandbox, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}

test.each(violations)("%s may not import %s", (folder, imported) => {
  const file = join(sandbox, folder, "planted.ts");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `import { planted } from "${imported}";\n\nexport const again = planted;\n`);
  expect(lint(file)).toContain("noRestrictedImports");
  writeFileSync(file, "export const again = 1;\n");
  expect(lint(file)).not.toContain("noRestrictedImports");
});
