import { describe, expect, test } from "vitest";
import { decodeProtobuf, isProtobuf } from "../../../../../lib/openapi/protobuf/decode.ts";

/** A field of the wire: number, then a length and bytes, or a varint. */
const bytes = (number: number, value: Buffer) => Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);
const text = (number: number, value: string) => bytes(number, Buffer.from(value));
const varint = (number: number, value: number) => Buffer.from([number << 3, value]);
const join = (...parts: Buffer[]) => Buffer.concat(parts);

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  return join(Buffer.from("k8s\0"), bytes(1, join(text(1, apiVersion), text(2, kind))), bytes(2, raw));
}

describe("objects", () => {
  test("texts, maps and bytes", () => {
    const metadata = join(text(1, "a"), bytes(11, join(text(1, "app"), text(2, "x"))), bytes(8, Buffer.alloc(0)));
    const secret = join(bytes(1, metadata), bytes(2, join(text(1, "k"), text(2, "v"))), text(3, "Opaque"));
    expect(decodeProtobuf("core.v1.Secret", envelope("v1", "Secret", secret))).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a", labels: { app: "x" }, creationTimestamp: null },
      data: { k: "dg==" },
      type: "Opaque",
    });
  });

  test("lists, inlined messages, numbers, quantities and ports by number or name", () => {
    const probe = join(bytes(1, bytes(2, bytes(2, join(varint(1, 1), text(3, "http"))))), varint(3, 5));
    const limits = bytes(1, join(text(1, "cpu"), bytes(2, text(1, "100m"))));
    const container = join(text(1, "c"), text(3, "run"), text(3, "-x"), bytes(8, limits), bytes(10, probe));
    const spec = join(
      bytes(2, container),
      bytes(1, join(text(1, "v"), bytes(2, bytes(2, Buffer.alloc(0))))),
      varint(11, 1),
    );
    const pod = decodeProtobuf("core.v1.Pod", envelope("v1", "Pod", bytes(2, spec)));
    expect(pod.spec).toEqual({
      containers: [
        {
          name: "c",
          command: ["run", "-x"],
          resources: { limits: { cpu: "100m" } },
          livenessProbe: { httpGet: { port: "http" }, timeoutSeconds: 5 },
        },
      ],
      volumes: [{ name: "v", emptyDir: {} }],
      hostNetwork: true,
    });
  });

  test("a time", () => {
    const at = join(Buffer.from([0x08, 0xf0, 0xd7, 0xd6, 0xca, 0x06]));
    const metadata = bytes(8, at);
    const read = decodeProtobuf("core.v1.ConfigMap", envelope("v1", "ConfigMap", bytes(1, metadata)));
    expect(read.metadata).toEqual({ creationTimestamp: "2025-12-31T23:04:16Z" });
  });
});

describe("bytes that are none", () => {
  test("no magic", () => {
    expect(isProtobuf(Buffer.from("{}"))).toBe(false);
    expect(() => decodeProtobuf("core.v1.Pod", Buffer.from("{}"))).toThrow("does not appear to be a protobuf message");
  });

  test("cut off", () => {
    const whole = envelope("v1", "ConfigMap", bytes(1, text(1, "a")));
    expect(() => decodeProtobuf("core.v1.ConfigMap", whole.subarray(0, whole.length - 1))).toThrow("unexpected EOF");
  });
});
