import { expect, test } from "vitest";
import type { PodSpec } from "../../../../../../lib/openapi/types/core-v1.ts";
import { qosClass } from "../../../../../../lib/registry/core/pod/qos.ts";

const both = { cpu: "1", memory: "1Gi" };
const container = (resources?: object) => ({ name: "c", resources });

const cases = [
  { name: "nothing asked", spec: { containers: [container()] }, want: "BestEffort" },
  { name: "zeros", spec: { containers: [container({ requests: { cpu: "0" } })] }, want: "BestEffort" },
  {
    name: "other resources do not count",
    spec: { containers: [container({ limits: { "a.test/x": "1" } })] },
    want: "BestEffort",
  },
  { name: "alike", spec: { containers: [container({ limits: both, requests: both })] }, want: "Guaranteed" },
  {
    name: "alike in other words",
    spec: { containers: [container({ limits: { cpu: "1000m", memory: "1Gi" }, requests: both })] },
    want: "Guaranteed",
  },
  {
    name: "less than the limit",
    spec: { containers: [container({ limits: both, requests: { cpu: "1" } })] },
    want: "Burstable",
  },
  {
    name: "cpu alone",
    spec: { containers: [container({ limits: { cpu: "1" }, requests: { cpu: "1" } })] },
    want: "Burstable",
  },
  {
    name: "one container without",
    spec: { containers: [container({ limits: both, requests: both }), container()] },
    want: "Burstable",
  },
  {
    name: "an init container without",
    spec: { containers: [container({ limits: both, requests: both })], initContainers: [container()] },
    want: "Burstable",
  },
  {
    name: "the pod as a whole asks for nothing",
    spec: { resources: {}, containers: [container({ requests: both })] },
    want: "BestEffort",
  },
  {
    name: "the pod as a whole",
    spec: { resources: { limits: both, requests: both }, containers: [container()] },
    want: "Guaranteed",
  },
];
test.each(cases)("$name", ({ spec, want }) => expect(qosClass(spec as PodSpec)).toBe(want));
