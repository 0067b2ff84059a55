import { describe, expect, it, vi } from "vitest";
import { keepLease } from "../../../../agent/node/lease.ts";
import { goArchitecture, machineInfo, prettyName } from "../../../../agent/node/machine-info.ts";
import { differs, type NodeStatusInput, nodeLabels, nodeStatus } from "../../../../agent/node/node-status.ts";
import { Registration, type RegistrationOptions } from "../../../../agent/node/registration.ts";
import { patchNodeStatus } from "../../../../agent/transport/direct.ts";
import { systemClock, systemRandom } from "../../../../lib/apimachinery/clock.ts";
import { newInternalError } from "../../../../lib/apimachinery/errors.ts";
import { renewLease } from "../../../../lib/nodes/lease.ts";
import { leases, nodes } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, settle } from "../../../support/fake-clock.ts";

const machine = {
  hostname: "host",
  cpus: 4,
  memoryBytes: 8 * 1024 ** 3,
  architecture: "amd64",
  kernelVersion: "6.1",
  osImage: "Debian",
  machineId: "m",
  bootId: "b",
  systemUuid: "s",
};
const input = (more: Partial<NodeStatusInput> = {}): NodeStatusInput => ({
  machine,
  addresses: ["192.0.2.1"],
  maxPods: 110,
  diskBytes: 1024 ** 3,
  diskFree: 1024 ** 3,
  memoryAvailable: 1024 ** 3,
  runtime: { runtimeName: "containerd", runtimeVersion: "1.6" },
  serverPort: 10250,
  now: "2026-01-01T00:00:00Z",
  before: [],
  ...more,
});
const conditions = (more: Partial<NodeStatusInput>) =>
  Object.fromEntries((nodeStatus(input(more)).conditions ?? []).map(({ type, status }) => [type, status]));

describe("a node's status", () => {
  it("tells what it has and where it is", () => {
    expect(nodeStatus(input())).toMatchObject({
      capacity: { cpu: "4", memory: "8388608Ki", pods: "110", "ephemeral-storage": "1048576Ki" },
      allocatable: { memory: "8286208Ki" },
      addresses: [
        { type: "InternalIP", address: "192.0.2.1" },
        { type: "Hostname", address: "host" },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: { containerRuntimeVersion: "containerd://1.6", operatingSystem: "linux" },
    });
  });

  it.each([
    {
      name: "well",
      more: {},
      want: { Ready: "True", MemoryPressure: "False", DiskPressure: "False", PIDPressure: "False" },
    },
    { name: "no runtime", more: { notReady: "runtime is down" }, want: { Ready: "False" } },
    { name: "little memory", more: { memoryAvailable: 1024 }, want: { MemoryPressure: "True" } },
    { name: "a full disk", more: { diskFree: 1024 }, want: { DiskPressure: "True" } },
  ])("$name", ({ more, want }) => {
    expect(conditions(more)).toMatchObject(want);
  });

  it("has the time of a transition, and differs by more than the heartbeat", () => {
    const first = nodeStatus(input());
    const later = nodeStatus(input({ now: "2026-01-01T00:01:00Z", before: first.conditions }));
    expect(later.conditions?.[3]).toMatchObject({
      lastHeartbeatTime: "2026-01-01T00:01:00Z",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    });
    expect(differs(first, later)).toBe(false);
    expect(differs(first, nodeStatus(input({ notReady: "x", before: first.conditions })))).toBe(true);
  });

  it("has upstream's labels", () => {
    expect(nodeLabels("n", machine)).toMatchObject({
      "kubernetes.io/hostname": "host",
      "kubernetes.io/os": "linux",
      "kubernetes.io/arch": "amd64",
    });
  });
});

describe("registration", () => {
  const setUp = (more: Partial<RegistrationOptions> = {}, api = new FakeApi(systemClock, systemRandom)) => {
    const events: string[] = [];
    let notReady: string | undefined;
    const registration = new Registration({
      client: api,
      clock: systemClock,
      recorder: { event: (_object, _type, reason) => events.push(reason) },
      nodeName: "n",
      labels: { "kubernetes.io/os": "linux" },
      podCidr: "10.244.0.0/24",
      status: async (before) => nodeStatus(input({ before, notReady })),
      tell: (node, status) => patchNodeStatus(api, node, status),
      onError: (error) => events.push(String(error)),
      ...more,
    });
    return { api, events, registration, setNotReady: (text?: string) => (notReady = text) };
  };
  const never = new AbortController().signal;

  it("makes the Node with its range", async () => {
    const { api, registration } = setUp();
    await registration.register(never);
    expect(api.all(nodes)).toMatchObject([{ metadata: { name: "n" }, spec: { podCIDR: "10.244.0.0/24" } }]);
  });

  it("takes the Node that is there, and mends its labels", async () => {
    const { api, registration } = setUp();
    api.put(nodes, { metadata: { name: "n", labels: { mine: "x" } }, spec: { podCIDR: "10.9.0.0/24" } });
    await registration.register(never);
    expect(api.all(nodes)).toMatchObject([
      { metadata: { labels: { mine: "x", "kubernetes.io/os": "linux" } }, spec: { podCIDR: "10.9.0.0/24" } },
    ]);
  });

  it("is tried with growing pauses while the server is away, and soon once it is back", async () => {
    const clock = new FakeClock();
    const { api, events, registration } = setUp({ clock });
    api.beforeWrite = () => {
      throw new Error("too many requests");
    };
    const registering = registration.register(never);
    await clock.advance(3_600_000);
    expect(events.length).toBeGreaterThan(500);
    expect(events.length).toBeLessThan(530);
    api.beforeWrite = undefined;
    await clock.advance(7_000);
    expect((await registering)?.metadata.name).toBe("n");
  });

  it("sees to it that the Node bears the transport's annotations", async () => {
    const { api, registration } = setUp({ annotations: { "coracle.dev/transport": "sqs" } });
    await registration.register(never);
    const metadata = { annotations: { "coracle.dev/transport": "sqs" } };
    expect(api.all(nodes)).toMatchObject([{ metadata }]);
    await api.patch(nodes, { name: "n" }, "merge", { metadata: { annotations: { "coracle.dev/transport": null } } });
    await registration.register(never);
    expect(api.all(nodes)).toMatchObject([{ metadata }]);
  });

  it("takes what others have read of the Node, unless that is older", async () => {
    const { api, registration } = setUp();
    const first = await registration.register(never);
    const patch = { metadata: { annotations: { note: "x" } } };
    const newer = await api.patch(nodes, { name: "n" }, "merge", patch);
    registration.seen({ object: newer });
    registration.seen({ object: first });
    expect(registration.node?.metadata.annotations).toEqual({ note: "x" });
    const another = { ...newer, metadata: { ...newer.metadata, uid: "another" } };
    registration.seen({ old: another });
    expect(registration.node).toBeDefined();
    registration.seen({ old: newer });
    expect(registration.node).toBeUndefined();
  });

  it("makes a Node that is gone again at once, and tells again at once that it is ready", async () => {
    const { api, registration } = setUp();
    const clock = new FakeClock();
    const stop = new AbortController();
    const first = await registration.register(never);
    const other = setUp({ clock }, api);
    await other.registration.register(never);
    void other.registration.run(stop.signal);
    await settle();
    const ready = () => api.all(nodes)[0]?.status?.conditions?.find(({ type }) => type === "Ready")?.status;
    expect(ready()).toBe("True");
    const unknown = { status: { conditions: [{ type: "Ready", status: "Unknown" }] } };
    other.registration.seen({
      object: await api.patch(nodes, { name: "n" }, "strategic", unknown, { subresource: "status" }),
    });
    await settle();
    expect(ready()).toBe("True");
    api.remove(nodes, { name: "n" });
    other.registration.seen({ old: first });
    await settle();
    expect(api.all(nodes)).toHaveLength(1);
    stop.abort();
  });

  it("tries until the server answers", async () => {
    const { api, registration, events } = setUp();
    api.beforeWrite = () => {
      api.beforeWrite = undefined;
      throw newInternalError("away");
    };
    await registration.register(never);
    expect(api.all(nodes)).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  it("reports what has changed, and tells when readiness does", async () => {
    const { api, registration, events, setNotReady } = setUp();
    await registration.register(never);
    await registration.report();
    const { length } = api.writes;
    await registration.report();
    expect(api.writes).toHaveLength(length);
    setNotReady("down");
    await registration.report();
    setNotReady();
    await registration.report();
    expect(events).toEqual(["NodeNotReady", "NodeReady"]);
  });
});

describe("the lease", () => {
  const options = (api: FakeApi) => ({ client: api, clock: systemClock, nodeName: "n", nodeUid: () => "n1" });

  it("is made, then renewed", async () => {
    const api = new FakeApi(systemClock, systemRandom);
    const first = await renewLease(options(api), undefined);
    expect(first).toMatchObject({
      metadata: { namespace: "kube-node-lease", ownerReferences: [{ kind: "Node", uid: "n1" }] },
      spec: { holderIdentity: "n", leaseDurationSeconds: 40 },
    });
    await systemClock.sleep(2);
    const second = await renewLease(options(api), first);
    expect(Date.parse(second.spec?.renewTime ?? "")).toBeGreaterThan(Date.parse(first.spec?.renewTime ?? ""));
    expect(api.all(leases)).toHaveLength(1);
  });

  it("is read again after somebody else has written it", async () => {
    const api = new FakeApi(systemClock, systemRandom);
    const stop = new AbortController();
    const errors: unknown[] = [];
    const clock = { now: systemClock.now, sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(5, signal) };
    const done = keepLease({ ...options(api), clock, onError: (error) => errors.push(error) }, stop.signal);
    await vi.waitFor(() => expect(api.all(leases)).toHaveLength(1));
    api.remove(leases, { namespace: "kube-node-lease", name: "n" });
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0));
    await vi.waitFor(() => expect(api.all(leases)).toHaveLength(1));
    stop.abort();
    await done;
  });
});

it("the machine says what it is", () => {
  expect(machineInfo().cpus).toBeGreaterThan(0);
  expect([goArchitecture("x64"), goArchitecture("arm64")]).toEqual(["amd64", "arm64"]);
  expect(prettyName('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12"\n')).toBe("Debian GNU/Linux 12");
});
