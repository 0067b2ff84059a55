import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { agentOptions } from "../../../../agent/options.ts";
import { DirectTransport } from "../../../../agent/transport/direct.ts";
import { openTransport } from "../../../../agent/transport/open.ts";
import { SqsTransport } from "../../../../agent/transport/sqs.ts";
import type { Transport } from "../../../../agent/transport/transport.ts";
import { parseReport } from "../../../../lib/nodes/reports.ts";
import { reportSignature } from "../../../../lib/nodes/sender.ts";
import type { Node } from "../../../../lib/openapi/types/core-v1.ts";
import { FakeSqs } from "../../../support/fake-sqs.ts";

let folder: string;
let sqs: FakeSqs;
let transport: Transport | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "open-transport-"));
  sqs = await FakeSqs.start();
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterEach(async () => {
  await transport?.stop();
  transport = undefined;
  vi.unstubAllEnvs();
  await sqs.stop();
  await rm(folder, { recursive: true });
});

const options = (...more: string[]) => agentOptions(["--node-name", "i-0", "--data-dir", folder, ...more]);
const queued = () => {
  const endpoint = ["--sqs-endpoint", sqs.endpoint];
  return options(
    "--transport",
    "sqs",
    "--report-queue",
    sqs.url("reports"),
    "--region",
    "r",
    "--api",
    "http://127.0.0.1:1",
    ...endpoint,
  );
};

it("is direct unless the options say otherwise, and says what is wrong with the kubeconfig", async () => {
  const kubeconfig = join(folder, "kubeconfig");
  await expect(openTransport(options("--kubeconfig", kubeconfig), () => {})).rejects.toThrow(kubeconfig);
  const { writeKubeconfig } = await import("../../../../lib/local/kubeconfig.ts");
  const credential = { certificate: "c", key: "k" };
  writeKubeconfig(kubeconfig, { server: "http://127.0.0.1:1", user: "n", credential });
  transport = await openTransport(options("--kubeconfig", kubeconfig), () => {});
  expect(transport).toBeInstanceOf(DirectTransport);
});

it("through queues reports to the queue, with the node's signature where it has a key", async () => {
  vi.stubEnv("CORACLE_REPORT_KEY", "key");
  sqs.queues.set("reports", { messages: [], attributes: {}, polls: new Set() });
  transport = await openTransport(queued(), () => {});
  expect(transport).toBeInstanceOf(SqsTransport);
  const node = { metadata: { name: "i-0", uid: "u" } } as Node;
  transport.start({ node, seen: () => {} });
  await transport.reportNode(node, { capacity: { cpu: "4" } });
  await vi.waitFor(() => expect(sqs.queue("reports").messages).not.toEqual([]));
  const [message] = sqs.queue("reports").messages;
  const report = parseReport(message?.Body ?? "");
  expect(report).toMatchObject({ cluster: "default", node: "i-0", nodeUid: "u" });
  expect(message?.attributes.signature?.StringValue).toBe(reportSignature("key", message?.Body ?? ""));
  expect(Number(await readFile(join(folder, "report-epoch"), "utf8"))).toBe(report.epoch);
});
