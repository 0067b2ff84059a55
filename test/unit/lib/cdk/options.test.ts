import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { inboxNamePrefix } from "../../../../lib/aws/nodes/inbox-queues.ts";
import { deploymentOptions } from "../../../../lib/cdk/options.ts";
import { plainApp } from "../../../support/cdk.ts";

const read = (context: Readonly<Record<string, string>>) => deploymentOptions(plainApp(context).node);

describe("context values", () => {
  it("may all be left out", () => {
    expect(read({})).toEqual({
      name: "Coracle",
      clusters: "default",
      responseTransferMode: "STREAM",
      workers: 1,
      workerInstanceType: "t4g.small",
      alarmTopicArn: undefined,
      emulator: undefined,
    });
  });

  it("take no longer a name than leaves room for each inbox's", () => {
    const { name } = read({ name: "C".repeat(20) });
    for (const cluster of ["default", "c".repeat(63)]) {
      const prefix = inboxNamePrefix(`${name.toLowerCase()}-inbox-`, cluster);
      expect(`${prefix}${randomUUID()}`.length).toBeLessThanOrEqual(80);
    }
  });

  it("of an emulator have their own defaults", () => {
    expect(read({ emulator: "true" })).toMatchObject({
      responseTransferMode: "BUFFERED",
      emulator: { endpoint: "http://localhost:4566", adminArn: "arn:aws:iam::000000000000:root", environment: {} },
    });
  });

  it("of an emulator say where it is and what stands in for what it lacks", () => {
    const context = { emulator: "true", endpoint: "http://localhost:1/", functionEnvironment: '{"A":"b"}' };
    expect(read(context).emulator).toMatchObject({ endpoint: "http://localhost:1", environment: { A: "b" } });
  });

  it.each([
    { name: "a name in lower case", context: { name: "coracle" }, want: "name must be at most 20 letters and digits" },
    { name: "a name that is too long for its nodes' inboxes", context: { name: "C".repeat(21) }, want: "at most 20" },
    { name: "clusters with spaces", context: { clusters: "a b" }, want: "clusters must be names" },
    { name: "a cluster of 64 letters", context: { clusters: "a".repeat(64) }, want: "clusters must be names" },
    { name: "another mode", context: { responseTransferMode: "stream" }, want: "must be STREAM or BUFFERED" },
    { name: "a fraction of a machine", context: { workers: "1.5" }, want: "workers must be a number" },
    { name: "an Intel machine", context: { workerInstanceType: "m7i.large" }, want: "Graviton" },
    {
      name: "variables for AWS",
      context: { functionEnvironment: '{"STS_ENDPOINT":"http://evil.example"}' },
      want: "for emulators alone",
    },
    {
      name: "variables that are no JSON",
      context: { emulator: "true", functionEnvironment: "A=b" },
      want: "a JSON object of texts",
    },
    {
      name: "variables that are no texts",
      context: { emulator: "true", functionEnvironment: '{"A":1}' },
      want: "a JSON object of texts",
    },
  ])("refuses $name", ({ context, want }) => {
    expect(() => read(context as unknown as Record<string, string>)).toThrow(want);
  });
});
