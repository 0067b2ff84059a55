import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type CloudCluster, type Clusters, UnknownCluster } from "../../../../lambdas/wiring/cluster.ts";
import { BadEnvironment, readEnvironment } from "../../../../lambdas/wiring/environment.ts";
import { ReportTaker, senderCheckOf } from "../../../../lambdas/wiring/report-taker.ts";
import { type Clock, systemClock } from "../../../../lib/apimachinery/clock.ts";
import { createNodeHealth } from "../../../../lib/aws/nodes/health.ts";
import type { SqsRecord } from "../../../../lib/aws/sqs/event.ts";
import { createInProcessClient } from "../../../../lib/client/in-process.ts";
import type { Client } from "../../../../lib/client/interface.ts";
import { nodeReportKey, reportSignature } from "../../../../lib/nodes/sender.ts";
import { nodes, pods, serviceaccounts } from "../../../../lib/openapi/types/resources.ts";
import { startTestServer, type TestServer } from "../../../support/api-server.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { memoryTable } from "../../../support/memory-table.ts";

const node = "i-0123456789abcdef0";
const sentAt = 1_767_225_600_000;
const variables = { TABLE_NAME: "t", API_URL: "https://api.example" };

let server: TestServer;
let admin: Client;
let clusters: Clusters;
let table: ReturnType<typeof memoryTable>;
let nodeUid: string;
let podUid: string;

beforeAll(async () => {
  server = await startTestServer();
  const handle = server.server.handle.bind(server.server);
  const client: CloudCluster["client"] = (user) => createInProcessClient(handle, user);
  const cluster = { name: "default", clock: systemClock, client } as CloudCluster;
  clusters = {
    names: ["default"],
    get: async (name) => {
      if (name === "broken") throw new Error("the table does not answer");
      if (name !== "default") throw new UnknownCluster(name);
      return cluster;
    },
    close: async () => {},
  };
  admin = client({ username: "admin", groups: ["system:masters"] });
  const metadata = { name: "default", namespace: "default" };
  await admin.create(serviceaccounts, { apiVersion: "v1", kind: "ServiceAccount", metadata });
  const made = await admin.create(nodes, { apiVersion: "v1", kind: "Node", metadata: { name: node }, spec: {} });
  nodeUid = made.metadata.uid;
  const spec = { nodeName: node, containers: [{ name: "main", image: "app:1" }] };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "default" }, spec };
  podUid = (await admin.create(pods, pod)).metadata.uid;
});
afterAll(() => server.close());
beforeEach(() => {
  table = memoryTable();
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  return () => log.mockRestore();
});

let sequence = 0;
const podStatus = (message: string) => ({
  kind: "podStatus",
  namespace: "default",
  name: "web",
  uid: podUid,
  sequence: ++sequence,
  status: { phase: "Running", message },
});
const report = (items: readonly object[], cluster = "default") =>
  JSON.stringify({ cluster, node, nodeUid, epoch: 1, sequence: 1, items });
const record = (messageId: string, body: string, more: Partial<SqsRecord> = {}): SqsRecord => ({
  messageId,
  body,
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:reports",
  attributes: { SenderId: `AROAEXAMPLE0000000000:${node}`, SentTimestamp: String(sentAt) },
  ...more,
});
const message = async () => (await admin.get(pods, { namespace: "default", name: "web" })).status?.message;
const taker = (more: Record<string, string> = {}, clock?: Clock) => {
  const isSentBy = senderCheckOf(readEnvironment({ ...variables, ...more }));
  return new ReportTaker({ clusters, table, isSentBy, ...(clock === undefined ? {} : { clock }) });
};

describe("reports", () => {
  it("go into the API; what failed alone comes again", async () => {
    const { batchItemFailures } = await taker().run(
      {
        Records: [
          record("good", report([{ kind: "heartbeat", at: 0 }, podStatus("hello")])),
          record("malformed", "{"),
          record("elsewhere", report([], "elsewhere")),
          record("broken", report([], "broken")),
        ],
      },
      30_000,
    );
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(["malformed", "elsewhere", "broken"]);
    expect(await message()).toBe("hello");
    expect(await createNodeHealth(table, "default").list()).toEqual([{ node, uid: nodeUid, heardAt: sentAt }]);
  });

  it("of somebody else are refused, told in the log, and not delivered again", async () => {
    const before = await message();
    const attributes = { SenderId: "AROAEXAMPLE0000000000:i-0fedcba9876543210", SentTimestamp: "1" };
    const spoofed = record("spoofed", report([podStatus("spoofed")]), { attributes });
    expect(await taker().run({ Records: [spoofed] }, 30_000)).toEqual({ batchItemFailures: [] });
    expect(await message()).toBe(before);
    expect(JSON.stringify(vi.mocked(console.error).mock.calls)).toContain("was not sent by the node");
  });
});

describe("a report of a heartbeat alone", () => {
  it("is one small write and nothing else, also where it comes again or late", async () => {
    const one = taker();
    const beat = report([{ kind: "heartbeat", at: 0 }]);
    const at = (ms: number) => ({ attributes: { ...record("", "").attributes, SentTimestamp: String(sentAt + ms) } });
    // The first of a node writes its Lease.
    await one.run({ Records: [record("first", beat)] }, 30_000);
    const asked: string[] = [];
    const { write } = table;
    for (const method of ["get", "getMany", "query", "transact"] as const) {
      table[method] = () => {
        throw new Error(`asks for ${method}`);
      };
    }
    table.write = (written) => {
      asked.push(JSON.stringify(written));
      return write(written);
    };
    for (const ms of [10_000, 20_000, 20_000, 10_000, 299_999]) {
      const { batchItemFailures } = await one.run({ Records: [record(`at ${ms}`, beat, at(ms))] }, 30_000);
      expect(batchItemFailures).toEqual([]);
    }
    expect(asked).toHaveLength(5);
    // A unit is a KB.
    for (const written of asked) expect(written.length).toBeLessThan(1_000);
    const item = table.items.get({ pk: "default#health", sk: node });
    expect(item).toMatchObject({ at: sentAt + 299_999, lease: sentAt });
  });
});

describe("a report that takes longer than there is time", () => {
  /** The request that claims an item takes so many ms. Gives what is claimed. */
  function slowTable(clock: FakeClock, itemMs: number): string[] {
    const claimed: string[] = [];
    const { write } = table;
    table.write = async (what) => {
      if ("put" in what && what.put.t === "report" && what.put.n === undefined) {
        claimed.push(what.put.sk);
        await clock.sleep(itemMs);
      }
      return write(what);
    };
    return claimed;
  }
  /** Lets its time go by until the answer is there. */
  async function run(clock: FakeClock, Records: SqsRecord[]): Promise<string[]> {
    let isDone = false;
    const answer = taker({}, clock).run({ Records }, 30_000);
    void answer.then(() => {
      isDone = true;
    });
    for (let ms = 0; !isDone; ms += 500) {
      expect(ms).toBeLessThan(30_000);
      await clock.advance(500);
      // The API server is on the machine's own clock.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return (await answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  it("is done a part with each delivery, and nothing of it twice", async () => {
    const clock = new FakeClock();
    const claimed = slowTable(clock, 6_000);
    const gone = Array.from({ length: 40 }, (_, n) => ({ ...podStatus("x"), name: `gone-${n}`, uid: `gone-${n}` }));
    const last = podStatus("the last one");
    const body = report([...gone, last]);
    const again = (receives: number) => ({ SentTimestamp: "1", ApproximateReceiveCount: String(receives) });
    const delivered = async (receives: number) => {
      const { attributes } = record("long", body);
      return run(clock, [record("long", body, { attributes: { ...attributes, ...again(receives) } })]);
    };
    expect(await delivered(1)).toEqual(["long"]);
    expect(claimed.splice(0).length).toBe(32);
    expect(await message()).not.toBe("the last one");
    expect(await delivered(2)).toEqual([]);
    expect(claimed.length).toBe(9);
    expect(await message()).toBe("the last one");
  });

  it("gives the others of its batch back to nobody", async () => {
    const clock = new FakeClock();
    const { write } = table;
    table.write = async (what) => {
      if ("put" in what && what.put.sk === "hangs") await new Promise(() => {});
      return write(what);
    };
    const hangs = record("hangs", report([{ ...podStatus("x"), uid: "hangs" }]));
    const good = record("good", report([podStatus("meanwhile")]));
    expect(await run(clock, [hangs, good])).toEqual(["hangs"]);
    expect(await message()).toBe("meanwhile");
  });
});

describe("under an emulator", () => {
  const emulator = { TRUST_REPORT_SENDER_FIELD: "true", REPORT_SENDER_KEY: "secret" };
  const attributes = { SenderId: "000000000000", SentTimestamp: String(sentAt) };
  const signed = (body: string, key: string): SqsRecord =>
    record("m", body, { attributes, messageAttributes: { signature: { stringValue: reportSignature(key, body) } } });

  it("a report is believed that the node's key has signed, and no other", async () => {
    const body = report([podStatus("signed")]);
    await taker(emulator).run({ Records: [signed(body, nodeReportKey("secret", node))] }, 30_000);
    expect(await message()).toBe("signed");
    const forged = report([podStatus("forged")]);
    const records = [
      signed(forged, nodeReportKey("secret", "another")),
      signed(forged, nodeReportKey("guess", node)),
      record("m", forged, { attributes }),
      record("m", forged),
    ];
    await taker(emulator).run({ Records: records }, 30_000);
    expect(await message()).toBe("signed");
  });

  it("needs the secret; in AWS a signature is worth nothing", async () => {
    expect(() => taker({ TRUST_REPORT_SENDER_FIELD: "true" })).toThrow(BadEnvironment);
    const body = report([podStatus("elsewhere")]);
    await taker({ REPORT_SENDER_KEY: "secret" }).run(
      { Records: [signed(body, nodeReportKey("secret", node))] },
      30_000,
    );
    expect(await message()).toBe("signed");
  });
});
