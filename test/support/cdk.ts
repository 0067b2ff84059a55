/** The CDK app as its command line makes it, in this process. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { afterAll } from "vitest";
import { addDeployment, type Deployment } from "../../lib/cdk/deployment.ts";

// CDK's own check of templates takes seconds each time; `cdk synth` runs it, and cdk-nag, which has its own test.
process.env.CDK_VALIDATION = "false";

const root = join(import.meta.dirname, "../..");

/** What apps have written, of which each test file leaves nothing. */
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A resource of a template. */
export interface TemplateResource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: templates are free-form.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** An app with these context values alone. */
export function plainApp(context: Readonly<Record<string, unknown>>): App {
  const outdir = mkdtempSync(join(tmpdir(), "coracle-cdk-"));
  folders.push(outdir);
  return new App({ outdir, context });
}

/** An app with cdk.json's context and some more values. Bundles are not made: they have tests of their own. */
export function testApp(context: Readonly<Record<string, string>> = {}): App {
  const { context: common } = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8"));
  return plainApp({ ...common, ...context, "aws:cdk:bundling-stacks": [] });
}

/** The stacks of a deployment. */
export function testDeployment(context: Readonly<Record<string, string>> = {}): Deployment & { readonly app: App } {
  const app = testApp(context);
  return { app, ...addDeployment(app) };
}

/** A template. */
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
  readonly Parameters: Readonly<Record<string, object>>;
}

const templates = new WeakMap<Stack, StackTemplate>();

/** A stack's template. The first call synthesizes the whole app, which takes seconds: nothing may be added afterwards. */
export function templateOf(stack: Stack): StackTemplate {
  const known = templates.get(stack);
  if (known) return known;
  const template = Template.fromStack(stack).toJSON() as StackTemplate;
  templates.set(stack, template);
  return template;
}

/** A template's resources by their ids. */
export const resourcesOf = (stack: Stack) => templateOf(stack).Resources;

/** Those of a type. */
export function resourcesOfType(stack: Stack, type: string): [id: string, resource: TemplateResource][] {
  return Object.entries(resourcesOf(stack)).filter(([, { Type }]) => Type === type);
}
