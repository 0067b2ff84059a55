import { expect, test } from "vitest";
import { encodeV2 } from "../../../../../lib/openapi/protobuf/openapi-v2.ts";

test("writes head and definitions under gnostic's numbers", () => {
  const bytes = encodeV2({
    swagger: "2.0",
    info: { title: "K", version: "v1" },
    definitions: { A: { type: "object", required: ["b"], properties: { b: { $ref: "#/definitions/B" } } } },
  });
  const reference = [0x0a, 15, ...Buffer.from("#/definitions/B")];
  const property = [0x0a, 1, 0x62, 0x12, reference.length, ...reference];
  const properties = [0x0a, property.length, ...property];
  const schema = [
    0x9a,
    1,
    1,
    0x62,
    0xb2,
    1,
    8,
    0x0a,
    6,
    ...Buffer.from("object"),
    0xca,
    1,
    properties.length,
    ...properties,
  ];
  const definition = [0x0a, 1, 0x41, 0x12, schema.length, ...schema];
  const definitions = [0x0a, definition.length, ...definition];
  const info = [0x0a, 1, 0x4b, 0x12, 2, ...Buffer.from("v1")];
  expect([...bytes]).toEqual([
    ...[0x0a, 3, ...Buffer.from("2.0")],
    ...[0x12, info.length, ...info],
    ...[0x42, 0],
    ...[0x4a, definitions.length, ...definitions],
  ]);
});

test("extensions and defaults are YAML", () => {
  const [key, value] = ["x-kubernetes-preserve-unknown-fields", true];
  const definitions = { A: { default: {}, [key]: value } };
  const text = Buffer.from(encodeV2({ swagger: "2.0", info: { title: "", version: "" }, definitions })).toString(
    "latin1",
  );
  expect(text).toContain("\x2a\x05\x12\x03{}\n");
  expect(text).toContain(`${key}\x12\x07\x12\x05true\n`);
});
