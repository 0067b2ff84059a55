import { describe, expect, it } from "vitest";
import { type GroupedMessage, type RunMessage, runGroups } from "../../../../../lib/controllers/queued/groups.ts";
import { MalformedMessage } from "../../../../../lib/controllers/queued/messages.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

const message = (id: string): GroupedMessage => ({ id, body: id, group: id.slice(0, 1) });
const batch = (...ids: string[]) => ids.map(message);

function setUp(run: RunMessage<GroupedMessage>, { parallel = 10, afterMs = 1_000 } = {}) {
  const clock = new FakeClock();
  const errors: string[] = [];
  const options = {
    clock,
    deadline: clock.now() + afterMs,
    parallel,
    onError: ({ id }: GroupedMessage, error: unknown) => void errors.push(`${id}: ${(error as Error).message}`),
  };
  return { clock, errors, work: (messages: GroupedMessage[]) => runGroups(messages, run, options) };
}

describe("a batch of groups", () => {
  it("runs each group once, since a run sees what all its messages tell of", async () => {
    const ran: string[] = [];
    const { work } = setUp(async ({ id }) => {
      ran.push(id);
      return "reconciled";
    });
    expect(await work(batch("a1", "b1", "a2", "a3", "b2"))).toEqual([]);
    expect(ran.sort()).toEqual(["a1", "b1"]);
  });

  it("goes on in a group until something has run", async () => {
    const ran: string[] = [];
    const { work } = setUp(async ({ id }) => {
      ran.push(id);
      return id === "a3" ? "retried" : "covered";
    });
    expect(await work(batch("a1", "a2", "a3", "a4"))).toEqual([]);
    expect(ran).toEqual(["a1", "a2", "a3"]);
  });

  it("stops a group that fails, and no other one", async () => {
    const { work, errors } = setUp(async ({ id }) => {
      if (id === "a2") throw new Error("no");
      return id === "a1" ? "covered" : "reconciled";
    });
    expect(await work(batch("a1", "a2", "b1", "a3"))).toEqual(["a2", "a3"]);
    expect(errors).toEqual(["a2: no"]);
  });

  it("gives back a malformed message alone", async () => {
    const { work } = setUp(async ({ id }) => {
      if (id === "a1") throw new MalformedMessage("no JSON");
      return "reconciled";
    });
    expect(await work(batch("a1", "a2"))).toEqual(["a1"]);
  });

  it("begins nothing after the deadline", async () => {
    const ran: string[] = [];
    const { work, clock } = setUp(
      async ({ id }) => {
        ran.push(id);
        await clock.advance(600);
        return "reconciled";
      },
      { parallel: 1 },
    );
    expect(await work(batch("a1", "b1", "c1", "d1"))).toEqual(["c1", "d1"]);
    expect(ran).toEqual(["a1", "b1"]);
  });

  it("works on so many groups at once", async () => {
    let running = 0;
    let most = 0;
    const { work } = setUp(
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return "reconciled";
      },
      { parallel: 3 },
    );
    await work(batch("a1", "b1", "c1", "d1", "e1"));
    expect(most).toBe(3);
  });
});
