/** Inboxes and the agent's queues, by SQS's protocol. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AgentQueues, openAgentQueues } from "../../../../../lib/aws/nodes/agent-queues.ts";
import { createInboxQueues, createInboxSender, inboxNamePrefix } from "../../../../../lib/aws/nodes/inbox-queues.ts";
import { InboxGone, InboxRefused } from "../../../../../lib/nodes/inbox.ts";
import { reportSignature } from "../../../../../lib/nodes/sender.ts";
import { FakeSqs } from "../../../../support/fake-sqs.ts";

const uid = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
const name = "i-0123456789abcdef0";
const role = "arn:aws:iam::123456789012:role/nodes";
const never = new AbortController().signal;

let sqs: FakeSqs;
beforeEach(async () => {
  sqs = await FakeSqs.start();
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  return () => vi.unstubAllEnvs();
});
afterEach(() => sqs.stop());

const inboxes = (cluster = "default", nodeRoleArns = [role]) =>
  createInboxQueues({ prefix: "coracle-inbox-", cluster, nodeRoleArns, client: sqs.client });

describe("the inboxes of a cluster", () => {
  it("bear the Node's uid, and may be read by the node's own session alone", async () => {
    const url = await inboxes().ensure({ name, uid: uid(1) });
    expect(url).toBe(sqs.url(`coracle-inbox-default-${uid(1)}`));
    expect(await inboxes().ensure({ name, uid: uid(1) })).toBe(url);
    expect([url, sqs.url("x"), ""].map((one) => inboxes().isInbox(one, uid(1)))).toEqual([true, false, false]);
    expect(inboxes().isInbox(url, uid(2))).toBe(false);
    const { Policy = "", ...attributes } = sqs.queue(`coracle-inbox-default-${uid(1)}`).attributes;
    expect(attributes).toEqual({
      MessageRetentionPeriod: "3600",
      ReceiveMessageWaitTimeSeconds: "20",
      VisibilityTimeout: "60",
    });
    const [statement, withoutTls, ...more] = JSON.parse(Policy).Statement;
    expect(more).toEqual([]);
    expect(statement).toMatchObject({ Effect: "Allow", Principal: { AWS: [role] } });
    expect(statement.Condition).toEqual({ StringLike: { "aws:userid": `*:${name}` } });
    expect(withoutTls).toMatchObject({ Effect: "Deny", Principal: "*", Action: "sqs:*" });
    expect(withoutTls.Condition).toEqual({ Bool: { "aws:SecureTransport": "false" } });
    expect(statement.Action).not.toContain("sqs:SendMessage");
  });

  it("are listed and removed, and not those of a cluster whose name begins alike", async () => {
    for (const n of [1, 2, 3]) await inboxes("a").ensure({ name, uid: uid(n) });
    await inboxes("a-b").ensure({ name, uid: uid(4) });
    expect(await inboxes("a").list()).toEqual([uid(1), uid(2), uid(3)]);
    await inboxes("a").remove(uid(2));
    await inboxes("a").remove(uid(2));
    expect(await inboxes("a").list()).toEqual([uid(1), uid(3)]);
    expect(await inboxes("a-b").list()).toEqual([uid(4)]);
  });

  it("have names that SQS takes, however long the cluster's is", () => {
    const long = inboxNamePrefix("coracle-inbox-", "c".repeat(63));
    expect(long).not.toBe(inboxNamePrefix("coracle-inbox-", "d".repeat(63)));
    for (const prefix of [long, inboxNamePrefix("coracle-inbox-", "default")]) {
      expect(`${prefix}${uid(1)}`).toMatch(/^[\w-]{1,80}$/);
    }
  });

  it("that can't be made or removed are an error", async () => {
    sqs.failure = { action: "CreateQueue", name: "RequestThrottled" };
    const throttled = createInboxQueues({
      prefix: "p-",
      cluster: "c",
      nodeRoleArns: [],
      client: { ...sqs.client, maxAttempts: 1 },
    });
    await expect(throttled.ensure({ name, uid: uid(1) })).rejects.toThrow();
    sqs.failure = { action: "GetQueueUrl", name: "RequestThrottled" };
    await expect(throttled.remove(uid(1))).rejects.toThrow();
  });
});

describe("nudges", () => {
  const nudge = (collection: string) => ({ collection, revision: 7 });

  it("go to each inbox; one that is gone is no error", async () => {
    const [one, two] = [await inboxes().ensure({ name, uid: uid(1) }), await inboxes().ensure({ name, uid: uid(2) })];
    const gone = sqs.url("coracle-inbox-default-gone");
    await createInboxSender({ prefix: "coracle-inbox-", client: sqs.client }).send([
      { inbox: one, nudge: nudge("/pods") },
      { inbox: gone, nudge: nudge("/pods") },
      { inbox: two, nudge: nudge("/pods") },
      { inbox: one, nudge: nudge("/services") },
    ]);
    const bodies = (n: number) =>
      sqs.queue(`coracle-inbox-default-${uid(n)}`).messages.map(({ Body }) => JSON.parse(Body));
    expect(bodies(1)).toEqual([nudge("/pods"), nudge("/services")]);
    expect(bodies(2)).toEqual([nudge("/pods")]);
  });

  it("that can't be sent are an error, after the others were", async () => {
    const inbox = await inboxes().ensure({ name, uid: uid(1) });
    sqs.failure = { action: "SendMessageBatch", name: "RequestThrottled" };
    const sender = createInboxSender({ prefix: "coracle-inbox-", client: { ...sqs.client, maxAttempts: 1 } });
    await expect(sender.send([{ inbox, nudge: nudge("/pods") }])).rejects.toThrow();
  });

  it("go to no other server and no other queue, whatever a node calls its inbox, and hold nobody up", async () => {
    const mine = await inboxes().ensure({ name, uid: uid(1) });
    sqs.queues.set("controllers", { messages: [], attributes: {}, polls: new Set() });
    const evil = await FakeSqs.start();
    try {
      const refused: string[] = [];
      const sender = createInboxSender({
        prefix: "coracle-inbox-",
        client: sqs.client,
        onRefused: (inbox) => refused.push(inbox),
      });
      const elsewhere = mine.replace(sqs.endpoint, evil.endpoint);
      const nonsense = [sqs.url("controllers"), "", "https://example.com/?coracle-inbox-x/y"];
      await sender.send([...nonsense, elsewhere, mine].map((inbox) => ({ inbox, nudge: nudge("/pods") })));
      expect(refused.toSorted()).toEqual(nonsense.toSorted());
      expect(evil.calls).toEqual([]);
      expect(sqs.queue("controllers").messages).toEqual([]);
      expect(sqs.queue(`coracle-inbox-default-${uid(1)}`).messages.length).toBe(2);
    } finally {
      await evil.stop();
    }
  });

  it("that the queue's policy refuses are told, and no failure", async () => {
    const inbox = await inboxes().ensure({ name, uid: uid(1) });
    sqs.failure = { action: "SendMessageBatch", name: "AccessDenied" };
    const told: string[] = [];
    const onRefused = (_: string, error: Error) => told.push(error.name);
    const client = { ...sqs.client, maxAttempts: 1 };
    await createInboxSender({ prefix: "coracle-inbox-", client, onRefused }).send([{ inbox, nudge: nudge("/pods") }]);
    expect(told).toEqual(["AccessDenied"]);
  });
});

describe("an agent", () => {
  let queues: AgentQueues;
  const open = (signingKey?: string) => {
    queues = openAgentQueues({
      region: "eu-central-1",
      endpoint: sqs.endpoint,
      reportQueueUrl: sqs.url("reports"),
      ...(signingKey === undefined ? {} : { signingKey }),
    });
    return queues;
  };
  afterEach(() => queues.close());

  it("reads its inbox by long polls and deletes what it has read", async () => {
    const url = await inboxes().ensure({ name, uid: uid(1) });
    const inbox = open().inbox(url);
    const receiving = inbox.receive(never);
    await vi.waitFor(() => expect(sqs.calls).toContain("ReceiveMessage"));
    const nudge = { collection: "/pods", revision: 7 };
    await createInboxSender({ prefix: "coracle-inbox-", client: sqs.client }).send([{ inbox: url, nudge }]);
    const messages = await receiving;
    expect(messages.map(({ body }) => JSON.parse(body))).toEqual([nudge]);
    await inbox.delete(messages);
    expect(sqs.queue(`coracle-inbox-default-${uid(1)}`).messages).toEqual([]);
    await inbox.delete([]);
  });

  it("stops a long poll at once when it ends", async () => {
    const url = await inboxes().ensure({ name, uid: uid(1) });
    const stopping = new AbortController();
    const receiving = open().inbox(url).receive(stopping.signal);
    await vi.waitFor(() => expect(sqs.calls).toContain("ReceiveMessage"));
    stopping.abort();
    await expect(receiving).rejects.toThrow();
  });

  it("is told that its inbox is gone, and other failures as they are", async () => {
    const inbox = open().inbox(sqs.url("gone"));
    await expect(inbox.receive(never)).rejects.toBeInstanceOf(InboxGone);
    for (const name of ["AccessDenied", "InvalidAddress"]) {
      sqs.failure = { action: "ReceiveMessage", name };
      await expect(inbox.receive(never)).rejects.toBeInstanceOf(InboxRefused);
    }
    sqs.failure = { action: "ReceiveMessage", name: "RequestThrottled" };
    await expect(inbox.receive(never)).rejects.toMatchObject({ name: "RequestThrottled" });
  });

  it.each([10, -10])("whose clock is %i minutes off is refused once, and then signs by SQS's", async (minutes) => {
    sqs.queues.set("reports", { messages: [], attributes: {}, polls: new Set() });
    sqs.aheadMs = minutes * 60_000;
    const { reports } = open();
    await expect(reports.send("first")).rejects.toThrow();
    for (const body of ["second", "third"]) await reports.send(body);
    expect(sqs.queue("reports").messages.map(({ Body }) => Body)).toEqual(["second", "third"]);
  });

  it("signs with new credentials when the old ones are about to expire", async () => {
    sqs.queues.set("reports", { messages: [], attributes: {}, polls: new Set() });
    const machine = await roleServer(4 * 60_000);
    try {
      const { reports } = open();
      for (const body of ["first", "second", "third"]) await reports.send(body);
      expect(sqs.keys.length).toBe(3);
      expect(sqs.keys[2]).not.toBe(sqs.keys[0]);
    } finally {
      await machine.close();
    }
  });

  it("sends reports, signed only where it has a key", async () => {
    sqs.queues.set("reports", { messages: [], attributes: {}, polls: new Set() });
    await open().reports.send("plain");
    queues.close();
    await open("key").reports.send("signed");
    const [plain, signed] = sqs.queue("reports").messages;
    expect([plain?.Body, plain?.attributes.signature]).toEqual(["plain", undefined]);
    expect(signed?.attributes.signature?.StringValue).toBe(reportSignature("key", "signed"));
    const body = JSON.stringify({ cluster: "c", last: "words \uffff of a container" });
    await queues.reports.send(body);
    const last = sqs.queue("reports").messages.at(-1);
    expect(last?.Body).not.toContain("\uffff");
    expect(JSON.parse(last?.Body ?? "")).toEqual(JSON.parse(body));
    expect(last?.attributes.signature?.StringValue).toBe(reportSignature("key", last?.Body ?? ""));
    sqs.failure = { action: "SendMessage", name: "RequestThrottled" };
    await expect(queues.reports.send("more")).rejects.toThrow();
  });
});

/** What gives a machine its role's credentials: other ones at each call. The environment leads the SDK to it. */
async function roleServer(goodMs: number): Promise<{ close(): Promise<void> }> {
  let calls = 0;
  const server = createServer((_request, response) => {
    const Expiration = new Date(Date.now() + goodMs).toISOString();
    const keys = { AccessKeyId: `AKIA${++calls}`, SecretAccessKey: "secret", Token: "token", Expiration };
    response.setHeader("content-type", "application/json").end(JSON.stringify(keys));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  for (const variable of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(variable, undefined);
  for (const file of ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]) vi.stubEnv(file, "/dev/null");
  vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", `http://127.0.0.1:${port}/`);
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}
