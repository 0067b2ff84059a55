/** Reports into a whole API server, with its Node authorizer and NodeRestriction. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createNodeHealth } from "../../../../lib/aws/nodes/health.ts";
import { createReportPositions } from "../../../../lib/aws/nodes/positions.ts";
import { createInProcessClient } from "../../../../lib/client/in-process.ts";
import type { Client } from "../../../../lib/client/interface.ts";
import { handleReport, type ReportHandlerOptions } from "../../../../lib/nodes/report-handler.ts";
import { MalformedReport, type PodStatusItem, type Report, type ReportItem } from "../../../../lib/nodes/reports.ts";
import { sentByInstance } from "../../../../lib/nodes/sender.ts";
import type { Node, Pod, PodStatus } from "../../../../lib/openapi/types/core-v1.ts";
import { leases, nodes, pods, serviceaccounts } from "../../../../lib/openapi/types/resources.ts";
import { startTestServer, type TestServer } from "../../../support/api-server.ts";
import { memoryTable } from "../../../support/memory-table.ts";

const mine = "i-0123456789abcdef0";
const other = "i-0fedcba9876543210";
const sender = (node: string) => `AROAEXAMPLE0000000000:${node}`;
const start = Date.parse("2026-01-01T00:00:00Z");

let server: TestServer;
let admin: Client;
let options: ReportHandlerOptions;
let refused: string[];
let table: ReturnType<typeof memoryTable>;
let health: ReturnType<typeof createNodeHealth>;
let count = 0;
let node: Node;
let pod: Pod;

beforeAll(async () => {
  server = await startTestServer();
  const handle = server.server.handle.bind(server.server);
  const client = (username: string, groups: string[]) =>
    createInProcessClient(handle, { username, groups: [...groups, "system:authenticated"] });
  admin = client("admin", ["system:masters"]);
  table = memoryTable();
  health = createNodeHealth(table, "default");
  options = {
    cluster: async (name) =>
      name === "default"
        ? {
            reader: client("system:kube-controller-manager", ["system:masters"]),
            writer: (one) => client(`system:node:${one}`, ["system:nodes"]),
            health,
            positions: createReportPositions(table, "default"),
          }
        : undefined,
    isSentBy: sentByInstance,
    onRefused: (reason) => refused.push(reason),
  };
  const metadata = { name: "default", namespace: "default" };
  await admin.create(serviceaccounts, { apiVersion: "v1", kind: "ServiceAccount", metadata });
  for (const name of [mine, other]) {
    await admin.create(nodes, { apiVersion: "v1", kind: "Node", metadata: { name }, spec: {} });
  }
  node = await admin.get(nodes, { name: mine });
});
afterAll(() => server.close());

beforeEach(async () => {
  refused = [];
  pod = await createPod(mine);
});

async function createPod(nodeName: string): Promise<Pod> {
  const metadata = { name: `pod-${++count}`, namespace: "default" };
  const spec = { nodeName, containers: [{ name: "main", image: "app:1" }] };
  return admin.create(pods, { apiVersion: "v1", kind: "Pod", metadata, spec });
}

const stored = () => admin.get(pods, { namespace: "default", name: pod.metadata.name });
const running = (podIP: string): PodStatus => ({
  phase: "Running",
  podIP,
  podIPs: [{ ip: podIP }],
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }],
});
const item = (sequence: number, status: PodStatus, more: Partial<PodStatusItem> = {}): PodStatusItem => ({
  kind: "podStatus",
  namespace: "default",
  name: pod.metadata.name,
  uid: pod.metadata.uid,
  sequence,
  status,
  ...more,
});
const report = (items: readonly ReportItem[], more: Partial<Report> = {}): Report => ({
  cluster: "default",
  node: mine,
  nodeUid: node.metadata.uid,
  epoch: start,
  sequence: 1,
  items,
  ...more,
});
const send = (sent: Report | string, from = mine, sentAt = start) =>
  handleReport(options, {
    body: typeof sent === "string" ? sent : JSON.stringify(sent),
    senderId: sender(from),
    sentAt,
  });

describe("a pod's status", () => {
  it("is written as the node's word", async () => {
    await send(report([item(1, running("10.0.0.1"))]));
    expect(refused).toEqual([]);
    expect((await stored()).status).toMatchObject({
      phase: "Running",
      podIP: "10.0.0.1",
      conditions: expect.arrayContaining([expect.objectContaining({ type: "Ready", status: "True" })]),
    });
  });

  it("that comes twice changes nothing the second time", async () => {
    const sent = report([item(1, running("10.0.0.1"))]);
    await send(sent);
    const { metadata } = await stored();
    await send(sent);
    expect((await stored()).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });

  it("that comes after a newer one is dropped, of this agent or of the one before", async () => {
    await send(report([item(5, running("10.0.0.5"))], { epoch: start + 1 }));
    await send(report([item(4, running("10.0.0.4"))], { epoch: start + 1 }));
    await send(report([item(900, running("10.0.0.9"))]));
    expect((await stored()).status?.podIP).toBe("10.0.0.5");
  });

  it("of an agent that was started again counts, though its numbers begin anew", async () => {
    await send(report([item(900, running("10.0.0.9"))]));
    await send(report([item(1, running("10.0.0.1"))], { epoch: start + 1 }));
    expect((await stored()).status?.podIP).toBe("10.0.0.1");
  });

  it("is written again where somebody else writes the pod at the same time", async () => {
    const { cluster } = options;
    let wrote = 0;
    const racing: ReportHandlerOptions = {
      ...options,
      async cluster(name) {
        const real = await cluster(name);
        if (real === undefined) return undefined;
        const holds: typeof real.positions.holds = async (...at) => {
          const labels = { written: `${++wrote}` };
          if (wrote < 3) await admin.patch(pods, pod.metadata, "merge", { metadata: { labels } });
          return real.positions.holds(...at);
        };
        return { ...real, positions: { ...real.positions, holds } };
      },
    };
    const body = JSON.stringify(report([item(1, running("10.0.0.1"))]));
    await handleReport(racing, { body, senderId: sender(mine), sentAt: start });
    expect(wrote).toBe(3);
    expect(await stored()).toMatchObject({ metadata: { labels: { written: "2" } }, status: { podIP: "10.0.0.1" } });
  });

  it("of a pod that is gone, or of another of the name, is forgotten", async () => {
    await send(report([item(1, running("10.0.0.1"), { uid: "another" })]));
    await send(report([item(1, running("10.0.0.1"), { name: "no-such-pod" })]));
    expect((await stored()).status?.phase).toBe("Pending");
    expect(refused).toEqual([]);
    expect(table.items.get({ pk: `default#reports#${mine}`, sk: "another" })).toBeUndefined();
  });

  it("removes the pod when it has ended and is being deleted, and only then", async () => {
    await send(report([item(1, { phase: "Succeeded" }, { finished: true })]));
    expect((await stored()).status?.phase).toBe("Succeeded");
    pod = await createPod(mine);
    await admin.delete(pods, pod.metadata, { gracePeriodSeconds: 30 });
    const last = report([item(2, { phase: "Failed" }, { finished: true })]);
    await send(last);
    await expect(stored()).rejects.toMatchObject({ code: 404 });
    await send(last);
    await send(report([item(1, running("10.0.0.1"))]));
    expect(refused).toEqual([]);
  });
});

describe("who is not believed", () => {
  it("a node that reports as another one", async () => {
    await send(report([item(1, running("10.0.0.1"))]), other);
    expect(refused).toEqual(["the report was not sent by the node that it names"]);
    expect((await stored()).status?.phase).toBe("Pending");
  });

  it("a node that reports of another one's pod; the rest of its report counts", async () => {
    const own = item(1, running("10.0.0.1"));
    const { name, uid } = (await createPod(other)).metadata;
    await send(report([item(1, running("10.6.6.6"), { name, uid }), own]));
    // The API would refuse it too, since it is written as the node.
    expect(refused).toEqual([`the pod default/${name} is not bound to the node that reports its status`]);
    expect((await admin.get(pods, { namespace: "default", name })).status?.phase).toBe("Pending");
    expect((await stored()).status?.podIP).toBe("10.0.0.1");
  });
});

it("where the control plane itself lacks a right, the message comes again", async () => {
  const { cluster } = options;
  const weak: ReportHandlerOptions = {
    ...options,
    async cluster(name) {
      const real = await cluster(name);
      return real && { ...real, reader: real.writer(other) };
    },
  };
  const body = JSON.stringify(report([item(1, running("10.0.0.1"))]));
  await expect(handleReport(weak, { body, senderId: sender(mine), sentAt: start })).rejects.toThrow("lacks a right");
  expect(refused).toEqual([]);
});

describe("bad messages", () => {
  it.each<[string, () => string]>([
    ["no JSON", () => "{"],
    ["no report", () => "[]"],
    ["of no node", () => JSON.stringify(report([], { node: "" }))],
    ["of an unknown kind of item", () => JSON.stringify(report([{ kind: "rumour" } as unknown as ReportItem]))],
    ["of a cluster that is not served", () => JSON.stringify(report([], { cluster: "elsewhere" }))],
  ])("%s", async (_name, body) => {
    await expect(send(body())).rejects.toBeInstanceOf(MalformedReport);
  });

  it("a status that the API refuses fails, and does not hold up the others", async () => {
    const bad = item(1, { phase: "Running", podIPs: 5 } as unknown as PodStatus);
    const good = await createPod(mine);
    const { name, uid } = good.metadata;
    await expect(send(report([bad, item(1, running("10.0.0.1"), { name, uid })]))).rejects.toThrow();
    expect((await admin.get(pods, good.metadata as { namespace: string; name: string })).status?.podIP).toBe(
      "10.0.0.1",
    );
  });
});

describe("a node", () => {
  const status = (ready: "True" | "False", at: string) => ({
    capacity: { cpu: "4" },
    conditions: [
      { type: "Ready", status: ready, reason: "R", message: "m", lastHeartbeatTime: at, lastTransitionTime: at },
    ],
  });
  const current = () => admin.get(nodes, { name: mine });
  const later = (minutes: number) => start + minutes * 60_000;

  it("that beats is noted by the queue's clock; its Lease is renewed every five minutes", async () => {
    const renewTime = async () =>
      (await admin.get(leases, { namespace: "kube-node-lease", name: mine })).spec?.renewTime;
    const beat = (sentAt: number) => send(report([{ kind: "heartbeat", at: 12 }]), mine, sentAt);
    await beat(start);
    expect(await renewTime()).toBe("2026-01-01T00:00:00.000000Z");
    await beat(later(4));
    await beat(later(3));
    expect(await health.list()).toEqual([{ node: mine, uid: node.metadata.uid, heardAt: later(4) }]);
    expect(await renewTime()).toBe("2026-01-01T00:00:00.000000Z");
    await beat(later(5));
    expect(await renewTime()).toBe("2026-01-01T00:05:00.000000Z");
  });

  it("whose first reports are taken at the same moment has one Lease, and none of them fails", async () => {
    await admin.delete(leases, { namespace: "kube-node-lease", name: mine });
    const beats = [11, 12, 13].map((minutes) => send(report([{ kind: "heartbeat", at: 12 }]), mine, later(minutes)));
    expect((await Promise.allSettled(beats)).map(({ status }) => status)).toEqual(beats.map(() => "fulfilled"));
    const { spec } = await admin.get(leases, { namespace: "kube-node-lease", name: mine });
    expect(spec?.renewTime).toMatch(/^2026-01-01T00:1[123]:00/);
  });

  it("tells its status by times of the queue's clock, whatever its own says", async () => {
    const wrong = "2031-05-05T05:05:05Z";
    await send(report([{ kind: "nodeStatus", sequence: 1, status: status("True", wrong) }]), mine, start);
    const first = await current();
    expect(first.status).toMatchObject({ capacity: { cpu: "4" } });
    const times = { lastHeartbeatTime: "2026-01-01T00:00:00Z", lastTransitionTime: "2026-01-01T00:00:00Z" };
    expect(first.status?.conditions).toMatchObject([{ type: "Ready", status: "True", ...times }]);
    await send(report([{ kind: "nodeStatus", sequence: 2, status: status("True", wrong) }]), mine, later(1));
    expect((await current()).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    await send(report([{ kind: "nodeStatus", sequence: 3, status: status("False", wrong) }]), mine, later(2));
    const transition = { status: "False", lastTransitionTime: "2026-01-01T00:02:00Z" };
    expect((await current()).status?.conditions).toMatchObject([transition]);
    await send(report([{ kind: "nodeStatus", sequence: 2, status: status("True", wrong) }]), mine, later(3));
    expect((await current()).status?.conditions).toMatchObject([transition]);
    await send(report([{ kind: "nodeStatus", sequence: 4, status: status("False", wrong) }]), mine, later(7));
    const beat = { ...transition, lastHeartbeatTime: "2026-01-01T00:07:00Z" };
    expect((await current()).status?.conditions).toMatchObject([beat]);
  });

  it("that is gone is forgotten", async () => {
    const gone = { nodeUid: "gone" };
    const { metadata } = await current();
    await send(report([{ kind: "nodeStatus", sequence: 9, status: status("True", "") }], gone), mine, later(60));
    await send(report([{ kind: "heartbeat", at: 0 }], gone), mine, later(60));
    expect((await current()).metadata.resourceVersion).toBe(metadata.resourceVersion);
    const lease = await admin.get(leases, { namespace: "kube-node-lease", name: mine });
    expect(lease.metadata.ownerReferences?.[0]?.uid).toBe(node.metadata.uid);
  });
});
