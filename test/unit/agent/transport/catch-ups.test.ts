import { beforeEach, describe, expect, it } from "vitest";
import { CatchUps } from "../../../../agent/transport/catch-ups.ts";
import type { Resource } from "../../../../lib/apimachinery/meta.ts";
import { pods, services } from "../../../../lib/openapi/types/resources.ts";
import { FakeClock, seededRandom, settle } from "../../../support/fake-clock.ts";

let clock: FakeClock;
let reads: string[];
let failure: Error | undefined;
let errors: string[];
let away: number[];
let release: (() => void) | undefined;
let catchUps: CatchUps;

beforeEach(() => {
  clock = new FakeClock();
  reads = [];
  failure = undefined;
  errors = [];
  away = [];
  release = undefined;
  catchUps = new CatchUps({
    clock,
    random: seededRandom(1),
    async read(wants) {
      reads.push(wants?.map(({ resource }) => resource.resource).join("+") ?? "all");
      if (release !== undefined) await new Promise<void>((resolve) => (release = resolve));
      if (failure) throw failure;
    },
    onError: (error) => errors.push((error as Error).message),
    onBack: (ms) => away.push(ms),
  });
  return () => catchUps.stop();
});

const need = (...resources: Resource[]) => catchUps.need(resources.map((resource) => ({ resource })));

describe("what is needed", () => {
  it("in one moment is read together", async () => {
    await Promise.all([need(pods), need(services), need(pods)]);
    expect(reads).toEqual(["pods+services"]);
  });

  it("while something is read is read afterwards: it may be newer", async () => {
    release = () => {};
    const first = need(pods);
    await settle();
    let done = false;
    const second = need(pods).then(() => {
      done = true;
    });
    await settle();
    release();
    await first;
    await settle();
    expect([reads, done]).toEqual([["pods", "pods"], false]);
    release();
    await second;
  });

  it("is all where all is needed, too", async () => {
    await Promise.all([need(pods), catchUps.need(), need(services)]);
    expect(reads).toEqual(["all"]);
  });
});

describe("a server that is away", () => {
  it("is asked with growing pauses, and for everything when it is back", async () => {
    failure = new Error("refused");
    let done = false;
    const waiting = need(pods).then(() => {
      done = true;
    });
    await clock.advance(3_600_000);
    expect(reads.length).toBeGreaterThan(60);
    expect(reads.length).toBeLessThan(260);
    expect([done, errors.length]).toEqual([false, reads.length]);
    failure = undefined;
    reads.length = 0;
    await clock.advance(45_000);
    await waiting;
    expect(reads).toEqual(["all"]);
    await need(services);
    expect(reads).toEqual(["all", "services"]);
    // Said once.
    expect(away.length).toBe(1);
    expect(away[0]).toBeGreaterThanOrEqual(3_600_000);
  });

  it("is asked for no more than before where it was away for seconds", async () => {
    failure = new Error("throttled");
    const waiting = [need(pods)];
    await clock.advance(3_000);
    waiting.push(need(services));
    failure = undefined;
    reads.length = 0;
    await clock.advance(10_000);
    await Promise.all(waiting);
    expect(reads).toEqual(["pods+services"]);
  });

  it("is asked no more after the end", async () => {
    failure = new Error("refused");
    void need(pods);
    await settle();
    catchUps.stop();
    reads.length = 0;
    await clock.advance(3_600_000);
    expect(reads).toEqual([]);
  });
});
