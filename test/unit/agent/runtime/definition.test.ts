import { join } from "node:path";
import { loadSync } from "@grpc/proto-loader";
import { expect, it } from "vitest";
import { loadDefinition } from "../../../../agent/runtime/definition.ts";

const runtime = join(import.meta.dirname, "../../../../agent/runtime");

it.each(["cri/cri.proto", "containerd/events.proto"])("%s is read as gRPC's own loader reads it", (file) => {
  const options = { longs: String, enums: String, defaults: true };
  const want = loadSync(join(runtime, file), options);
  const got = loadDefinition(join(runtime, file), options);
  expect(Object.keys(want).length).toBeGreaterThan(2);
  expect(JSON.stringify(got)).toBe(JSON.stringify(want));
});
