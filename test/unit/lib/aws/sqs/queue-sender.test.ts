import type { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { NotSent, QueueSender } from "../../../../../lib/aws/sqs/queue-sender.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

interface Failure {
  readonly Id: string;
  readonly SenderFault: boolean;
  readonly Code: string;
}

/** An SQS that fails what a test says. */
function setUp(fail: (attempt: number, ids: string[], bodies: string[]) => Failure[] = () => []) {
  const clock = new FakeClock();
  const batches: string[][] = [];
  const inputs: SendMessageBatchCommand["input"][] = [];
  const client = {
    async send({ input }: SendMessageBatchCommand) {
      inputs.push(input);
      const entries = input.Entries ?? [];
      const bodies = entries.map(({ MessageBody }) => MessageBody ?? "");
      batches.push(bodies);
      return {
        Failed: fail(
          batches.length,
          entries.map(({ Id }) => Id ?? ""),
          bodies,
        ),
      };
    },
  };
  const sender = new QueueSender(client as never, clock);
  const send = async (bodies: string[]) => {
    const sent = sender
      .send(
        "queue",
        bodies.map((body) => ({ body })),
      )
      .catch((error: unknown) => error);
    for (let round = 0; round < 20; round++) await clock.advance(1_000);
    const error = await sent;
    if (error !== undefined) throw error;
  };
  return { batches, inputs, send, sender };
}

const busy = (Id: string): Failure => ({ Id, SenderFault: false, Code: "InternalError" });

describe("sending to a queue", () => {
  it("takes ten messages at once", async () => {
    const { batches, send } = setUp();
    await send(Array.from({ length: 23 }, (_, n) => `m${n}`));
    expect(batches.map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(batches.flat().length).toBe(23);
  });

  it("takes no more bytes at once than a batch may hold", async () => {
    const { batches, send } = setUp();
    const body = "é".repeat(60_000);
    await send([body, body, body, "small"]);
    expect(batches.map(({ length }) => length)).toEqual([2, 2]);
  });

  it("says group, id and delay", async () => {
    const { inputs, sender } = setUp();
    await sender.send("queue", [
      { body: "a", group: "g", deduplicationId: "d" },
      { body: "b", delaySeconds: 7 },
    ]);
    expect(inputs).toEqual([
      {
        QueueUrl: "queue",
        Entries: [
          { Id: "0", MessageBody: "a", MessageGroupId: "g", MessageDeduplicationId: "d" },
          { Id: "1", MessageBody: "b", DelaySeconds: 7 },
        ],
      },
    ]);
  });

  it("sends what SQS has no character for in a form that it takes", async () => {
    const { send, batches } = setUp();
    const body = JSON.stringify({ key: "role \uffff\ufffe\ud800 \u0001 \u00e9" });
    await send([body]);
    const [[sent = ""] = []] = batches;
    expect(sent).toMatch(/^[\x20-\ud7ff\ue000-\ufffd]*$/);
    expect(JSON.parse(sent)).toEqual(JSON.parse(body));
  });

  it("sends nothing where there is nothing", async () => {
    const { batches, send } = setUp();
    await send([]);
    expect(batches).toEqual([]);
  });

  it("sends again what a batch did not take, and that alone", async () => {
    const { batches, send } = setUp((attempt) =>
      attempt === 1 ? [busy("1"), busy("2")] : attempt === 2 ? [busy("2")] : [],
    );
    await send(["a", "b", "c"]);
    expect(batches).toEqual([["a", "b", "c"], ["b", "c"], ["c"]]);
  });

  it("gives up after some attempts", async () => {
    const { batches, send } = setUp((_, ids) => ids.map(busy));
    await expect(send(["a"])).rejects.toThrow(NotSent);
    expect(batches.length).toBe(4);
  });

  it("does not insist where the message is to blame", async () => {
    const { batches, send } = setUp(() => [{ Id: "0", SenderFault: true, Code: "InvalidMessageContents" }]);
    await expect(send(["a"])).rejects.toThrow("InvalidMessageContents");
    expect(batches.length).toBe(1);
  });
});
