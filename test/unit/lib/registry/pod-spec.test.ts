/** The folder lib/registry/pod-spec against what v1.36.3 said of the same pods (test/golden/pods/create.jsonl). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { path } from "../../../../lib/apimachinery/validation/field.ts";
import type { PodTemplateSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { podStrategy } from "../../../../lib/registry/core/pod/strategy.ts";
import {
  podTemplateWarnings,
  setPodTemplateDefaults,
  validatePodTemplateSpec,
} from "../../../../lib/registry/pod-spec/template.ts";
import { created, problems, texts } from "./objects.ts";

interface Recorded {
  readonly name: string;
  readonly pod: { metadata: object; spec: object };
  readonly want: { readonly causes: string[]; readonly warnings: string[] };
}

const file = new URL("../../../golden/pods/create.jsonl", import.meta.url);
const recorded: Recorded[] = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

/** What admission has added when validation sees a pod. */
const admitted = ({ metadata, spec }: Recorded["pod"]) => ({
  metadata: { ...metadata, namespace: "n" },
  spec: { serviceAccountName: "default", ...spec },
});

describe("a new pod", () => {
  test.each(recorded)("$name", async ({ pod, want }) => {
    const got = await problems("core.v1.Pod", podStrategy, admitted(pod));
    expect(got).toEqual([...want.causes].sort());
    if (want.causes.length > 0) return;
    const warnings = podStrategy.warningsOnCreate?.(created("core.v1.Pod", podStrategy, admitted(pod))) ?? [];
    expect([...warnings].sort()).toEqual([...want.warnings].sort());
  });

  test("the record tells good pods from bad ones", () => {
    expect(recorded.filter(({ want }) => want.causes.length > 0).length).toBeGreaterThan(100);
    expect(recorded.filter(({ want }) => want.warnings.length > 0).length).toBeGreaterThan(10);
  });
});

describe("a template", () => {
  const template = (spec: object, metadata = {}): PodTemplateSpec => {
    const made = { metadata, spec: { containers: [{ name: "c", image: "i" }], ...spec } } as PodTemplateSpec;
    setPodTemplateDefaults(made);
    return made;
  };
  const cases = [
    { name: "good", template: template({}), want: [] },
    {
      name: "limits stay without requests",
      template: template({ containers: [{ name: "c", image: "i", resources: { limits: { cpu: "1" } } }] }),
      want: [],
    },
    {
      name: "ephemeral containers",
      template: template({ ephemeralContainers: [{ name: "e", image: "i" }] }),
      want: ["spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"],
    },
    {
      name: "labels are reported without metadata",
      template: template({}, { labels: { "a b": "c" } }),
      want: [expect.stringMatching(/^spec\.template\.labels: Invalid value: "a b"/)],
    },
    {
      name: "host network ports may be left to the pod",
      template: template({
        hostNetwork: true,
        containers: [{ name: "c", image: "i", ports: [{ containerPort: 80 }] }],
      }),
      want: [],
    },
  ];
  test.each(cases)("$name", ({ template: given, want }) => {
    expect(texts(validatePodTemplateSpec(given, path("spec", "template")))).toEqual(want);
  });

  test("warnings stand at the template's path", () => {
    const given = template({ terminationGracePeriodSeconds: -1 });
    const at = "spec.template.spec.terminationGracePeriodSeconds";
    expect(podTemplateWarnings(given, path("spec", "template"))).toEqual([
      `${at}: must be >= 0; negative values are invalid and will be treated as 1`,
    ]);
  });
});
