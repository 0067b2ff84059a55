import { describe, expect, test } from "vitest";
import type { Attributes } from "../../../../../../lib/apiserver/admission/plugin.ts";
import { validateNamespace } from "../../../../../../lib/apiserver/admission/podsecurity/namespace.ts";

const key = "pod-security.kubernetes.io/enforce";
const pod = (name: string, spec: object) => ({ metadata: { name }, spec: { containers: [{ name: "c" }], ...spec } });
const privileged = { containers: [{ name: "c", securityContext: { privileged: true } }] };

/** The warnings of a namespace's write. */
async function write(labels: object, oldLabels: object | undefined, pods: object[] = []): Promise<string[]> {
  const warnings: string[] = [];
  await validateNamespace({
    kind: { group: "", version: "v1", kind: "Namespace" },
    name: "n",
    object: { metadata: { name: "n", labels } },
    oldObject: oldLabels && { metadata: { name: "n", labels: oldLabels } },
    context: { objects: { list: async () => pods } },
    warn: (text: string) => warnings.push(text),
  } as unknown as Attributes);
  return warnings;
}

describe("labels", () => {
  test("that mean nothing are refused when they are new", async () => {
    const message = expect.stringContaining("must be one of privileged, baseline, restricted");
    await expect(write({ [key]: "x" }, undefined)).rejects.toMatchObject({ status: { code: 422, message } });
    await expect(write({ [key]: "x" }, { [key]: "y" })).rejects.toMatchObject({ status: { code: 422 } });
    expect(await write({ [key]: "x" }, { [key]: "x" })).toEqual([]);
  });
});

describe("pods that a new level would refuse", () => {
  const head = 'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"';
  const bad = [pod("a", privileged), pod("b", privileged), pod("c", { hostNetwork: true }), pod("d", {})];
  test.each([
    { name: "are told, those of one reason together", labels: "baseline", old: {}, pods: bad },
    { name: "are told of a level that is stricter", labels: "baseline", old: { [key]: "privileged" }, pods: bad },
  ])("$name", async ({ labels, old, pods }) => {
    expect(await write({ [key]: labels }, old, pods)).toEqual([
      head,
      "a (and 1 other pod): privileged",
      "c: host namespaces",
    ]);
  });

  test.each([
    { name: "of a new namespace", labels: { [key]: "baseline" }, old: undefined },
    { name: "where the level stays", labels: { [key]: "baseline", a: "b" }, old: { [key]: "baseline" } },
    { name: "where it allows more", labels: { [key]: "baseline" }, old: { [key]: "restricted" } },
    { name: "where it allows everything", labels: {}, old: { [key]: "baseline" } },
  ])("are not looked at $name", async ({ labels, old }) => expect(await write(labels, old, bad)).toEqual([]));

  test("are counted up to three thousand", async () => {
    const many = Array.from({ length: 3_002 }, (_, n) => pod(`p${n}`, privileged));
    expect(await write({ [key]: "baseline" }, {}, many)).toEqual([
      head,
      "new PodSecurity enforce level only checked against the first 3000 of 3002 existing pods",
      "p0 (and 2999 other pods): privileged",
    ]);
  });
});
