/** Statuses whose messages come twice, late and out of order, to several handlers that die half-way: seeded. */
import { describe, expect, it } from "vitest";
import type { Clock, Random } from "../../../../lib/apimachinery/clock.ts";
import { createReportPositions } from "../../../../lib/aws/nodes/positions.ts";
import type { ReportPositions } from "../../../../lib/nodes/health.ts";
import { writeNewest } from "../../../../lib/nodes/newest.ts";
import type { Pod } from "../../../../lib/openapi/types/core-v1.ts";
import { pods } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { memoryTable } from "../../../support/memory-table.ts";
import { pod } from "../../agent/objects.ts";

interface Message {
  readonly epoch: number;
  readonly sequence: number;
}

const order = (one: Message) => one.epoch * 1000 + one.sequence;

/** Every message two to three times, in any order, by several handlers at once; what fails comes again. */
class Delivery {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #api: FakeApi;
  readonly #positions: ReportPositions;
  /** The statuses in the order in which they were written. */
  readonly written: number[] = [];

  constructor(clock: FakeClock, random: Random, positions: ReportPositions) {
    this.#clock = clock;
    this.#random = random;
    this.#positions = positions;
    this.#api = new FakeApi(clock, random);
    this.#api.put(pods, pod({ nodeName: "n" }));
  }

  get status(): Pod["status"] {
    return this.#api.all(pods)[0]?.status;
  }

  async run(messages: readonly Message[]): Promise<void> {
    const random = this.#random;
    const waiting = messages.flatMap((message) => (random.number() < 0.5 ? [message, message] : [message]));
    const work = async () => {
      while (waiting.length > 0) {
        const [message] = waiting.splice(Math.floor(random.number() * waiting.length), 1);
        if (message !== undefined && !(await this.#handle(message))) waiting.push(message);
      }
    };
    await Promise.all([work(), work(), work(), work()]);
  }

  /** False: it failed, or died. */
  async #handle({ epoch, sequence }: Message): Promise<boolean> {
    const place = { namespace: "shop", name: "web" };
    const slowly = <A extends unknown[], R>(act: (...given: A) => Promise<R>) => {
      return async (...given: A) => {
        await this.#wait();
        if (this.#random.number() < 0.05) throw new Error("died before");
        const result = await act(...given);
        if (this.#random.number() < 0.05) throw new Error("died after");
        await this.#wait();
        return result;
      };
    };
    const { claim, holds } = this.#positions;
    const write = writeNewest<Pod>({
      positions: { ...this.#positions, claim: slowly(claim), holds: slowly(holds) },
      node: "n",
      uid: "u1",
      position: { epoch, sequence },
      read: slowly(() => this.#api.get(pods, place)),
      write: slowly(async (object) => {
        const status = { ...object.status, message: `${order({ epoch, sequence })}` };
        await this.#api.update(pods, { ...object, status }, { subresource: "status" });
        this.written.push(order({ epoch, sequence }));
      }),
    });
    return write.then(
      () => true,
      () => false,
    );
  }

  #wait(): Promise<void> {
    return this.#clock.sleep(this.#random.number() * 1000);
  }
}

async function run(seed: number, change: (positions: ReportPositions) => ReportPositions = (same) => same) {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const delivery = new Delivery(clock, random, change(createReportPositions(memoryTable(), "c", clock)));
  const messages = [1, 2].flatMap((epoch) => [1, 2, 3, 4].map((sequence) => ({ epoch, sequence })));
  let isDone = false;
  const done = delivery.run(messages).then(() => {
    isDone = true;
  });
  while (!isDone) await clock.advance(60_000);
  await done;
  return delivery;
}

const isSorted = (list: readonly number[]) =>
  list.every((value, index) => index === 0 || value >= (list[index - 1] ?? 0));

describe("the newest status", () => {
  it("is what is there in the end, and none older is ever written after a newer one", async () => {
    for (let seed = 0; seed < 150; seed++) {
      const { status, written } = await run(seed);
      expect({ seed, message: status?.message, sorted: isSorted(written) }).toEqual({
        seed,
        message: "2004",
        sorted: true,
      });
    }
  });

  const failures = async (change: (positions: ReportPositions) => ReportPositions) => {
    const seeds = Array.from({ length: 60 }, (_, seed) => seed);
    const runs = await Promise.all(seeds.map((seed) => run(seed, change)));
    return runs.filter(({ written }) => !isSorted(written)).length;
  };

  it("needs the claim before", async () => {
    expect(
      await failures((positions) => ({ ...positions, claim: async () => true, holds: async () => true })),
    ).not.toBe(0);
  });

  it("needs the second look", async () => {
    expect(await failures((positions) => ({ ...positions, holds: async () => true }))).not.toBe(0);
  });
});
