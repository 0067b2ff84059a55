import { expect, it } from "vitest";
import { podField, resourceField } from "../../../../agent/pods/fields.ts";
import { container, pod } from "../objects.ts";

const place = { podIps: ["10.244.0.5", "fd00::5"], hostIps: ["192.0.2.1"], nodeName: "n" };
const labels = { b: 'two "2"', a: "one" };
const object = pod(
  { serviceAccountName: "robot" },
  { metadata: { ...pod().metadata, labels, annotations: { "a/b": "c" } } },
);

it.each([
  ["metadata.name", "web"],
  ["metadata.namespace", "shop"],
  ["metadata.uid", "u1"],
  ["metadata.labels", 'a="one"\nb="two \\"2\\""'],
  ["metadata.labels['b']", 'two "2"'],
  ["metadata.annotations['a/b']", "c"],
  ["metadata.annotations['none']", ""],
  ["spec.nodeName", "n"],
  ["spec.serviceAccountName", "robot"],
  ["status.podIP", "10.244.0.5"],
  ["status.podIPs", "10.244.0.5,fd00::5"],
  ["status.hostIP", "192.0.2.1"],
])("%s", (path, want) => {
  expect(podField(object, path, place)).toBe(want);
});

it("refuses other fields", () => {
  expect(() => podField(object, "spec.priority", place)).toThrow("unsupported fieldPath: spec.priority");
});

const limited = container("main", {
  resources: { limits: { cpu: "250m", memory: "64Mi" }, requests: { cpu: "100m" } },
});
it.each([
  { resource: "limits.cpu", want: "1" },
  { resource: "limits.cpu", divisor: "1m", want: "250" },
  { resource: "requests.cpu", divisor: "1m", want: "100" },
  { resource: "limits.memory", divisor: "1Mi", want: "64" },
  { resource: "limits.memory", want: "67108864" },
  { resource: "requests.memory", want: "0" },
  { resource: "limits.ephemeral-storage", want: "1000" },
])("$resource by $divisor", ({ want, ...selector }) => {
  expect(resourceField(limited, selector, { "ephemeral-storage": "1k" })).toBe(want);
});
