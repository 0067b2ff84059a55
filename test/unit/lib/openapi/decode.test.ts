import { describe, expect, it } from "vitest";
import type { AnyObject } from "../../../../lib/apimachinery/meta.ts";
import { canonicalize, decode } from "../../../../lib/openapi/decode.ts";
import { DecodeError } from "../../../../lib/openapi/scalars.ts";

const read = (name: string, value: unknown) => JSON.stringify(decode(name, value).object);

describe("decode", () => {
  it.each([
    {
      name: "fields in Go's order, unknown ones dropped",
      definition: "core.v1.ConfigMap",
      value: { data: { b: "1", a: "2" }, colour: "red", metadata: { name: "a" }, kind: "ConfigMap" },
      want: '{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"2","b":"1"}}',
    },
    {
      name: "half a surrogate pair as the replacement character, as Go reads it",
      definition: "core.v1.ConfigMap",
      value: { data: { a: "\ud800", b: "\ud83d\ude00" }, metadata: {} },
      want: '{"metadata":{},"data":{"a":"\ufffd","b":"\ud83d\ude00"}}',
    },
    {
      name: "null is absent, in a map the zero value",
      definition: "core.v1.ConfigMap",
      value: { data: { a: null }, binaryData: null, metadata: {}, immutable: null },
      want: '{"metadata":{},"data":{"a":""}}',
    },
    {
      name: "what must not be left out is filled in",
      definition: "core.v1.Pod",
      value: { metadata: {}, spec: { containers: [{ name: "a" }] } },
      want: '{"metadata":{},"spec":{"containers":[{"name":"a","resources":{}}]},"status":{}}',
    },
    {
      name: "quantities in canonical form",
      definition: "core.v1.ResourceRequirements",
      value: { limits: { cpu: "1000m", memory: 1024, other: "0.5Gi" } },
      want: '{"limits":{"cpu":"1","memory":"1024","other":"512Mi"}}',
    },
    {
      name: "times in UTC, to the second or the microsecond",
      definition: "coordination.v1.Lease",
      value: {
        metadata: { creationTimestamp: "2020-01-01T02:00:00.5+02:00" },
        spec: { renewTime: "2020-01-01T02:00:00.123000+02:00" },
      },
      want: '{"metadata":{"creationTimestamp":"2020-01-01T00:00:00Z"},"spec":{"renewTime":"2020-01-01T00:00:00.123000Z"}}',
    },
  ])("$name", ({ definition, value, want }) => {
    expect(read(definition, value)).toBe(want);
  });

  it.each([
    {
      name: "a map that is a text",
      value: { metadata: { labels: "x" } },
      want: "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
    },
    {
      name: "a number for a text",
      value: { metadata: { name: 1 } },
      want: "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
    },
    {
      name: "a fraction for an integer",
      value: { metadata: { generation: 1.5 } },
      want: "json: cannot unmarshal number 1.5 into Go struct field ObjectMeta.metadata.generation of type int64",
    },
    {
      name: "not base64",
      value: { binaryData: { a: "?" } },
      want: "illegal base64 data at input byte 0",
    },
    {
      name: "not a time",
      value: { metadata: { creationTimestamp: "2020-01-01" } },
      want: 'parsing time "2020-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"',
    },
  ])("refuses $name", ({ value, want }) => {
    expect(() => decode("core.v1.ConfigMap", value)).toThrow(new DecodeError(want));
  });

  it("names unknown fields where it is asked to", () => {
    const value = {
      colour: 1,
      metadata: { colour: 1 },
      spec: { containers: [{ name: "a" }, { name: "b", ports: [{ containerPort: 1, colour: 1 }] }] },
    };
    expect(decode("core.v1.Pod", value, true).unknown).toEqual([
      "colour",
      "metadata.colour",
      "spec.containers[1].ports[0].colour",
    ]);
    expect(decode("core.v1.Pod", value).unknown).toEqual([]);
  });

  it("keys that JavaScript knows are keys like any other", () => {
    const value = JSON.parse('{"metadata":{},"data":{"__proto__":"a","constructor":"b"}}');
    expect(read("core.v1.ConfigMap", value)).toBe('{"metadata":{},"data":{"__proto__":"a","constructor":"b"}}');
  });
});

it("canonicalize is idempotent", () => {
  const pod = { status: {}, spec: { containers: [{ name: "a" }] }, metadata: { name: "p" } } as unknown as AnyObject;
  const once = canonicalize("core.v1.Pod", pod);
  expect(JSON.stringify(canonicalize("core.v1.Pod", once))).toBe(JSON.stringify(once));
});

it.each([
  { name: "absent", rules: {}, decoded: null },
  { name: "null", rules: { rules: null }, decoded: null },
  { name: "empty", rules: { rules: [] }, decoded: [] },
])("a required list that is $name is null once it is stored", ({ rules, decoded }) => {
  const role = { metadata: { name: "a" }, ...rules } as unknown as AnyObject;
  expect(decode("rbac.v1.ClusterRole", role).object).toMatchObject({ rules: decoded });
  expect(canonicalize("rbac.v1.ClusterRole", role)).toMatchObject({ rules: null });
});
