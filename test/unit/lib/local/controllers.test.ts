import { describe, expect, it } from "vitest";
import { newConflict, optimisticLockMessage } from "../../../../lib/apimachinery/errors.ts";
import { type ControllerEntry, ownKey, source } from "../../../../lib/controllers/controller.ts";
import { controllers } from "../../../../lib/controllers/index.ts";
import { selectControllers } from "../../../../lib/local/controllers.ts";
import { configmaps, namespaces } from "../../../../lib/openapi/types/resources.ts";
import { startHarness } from "../../../support/controller-harness.ts";

describe("runControllers", () => {
  function entry(reconcile: (key: string) => Promise<{ requeueAfterMs?: number } | undefined>): ControllerEntry {
    return {
      name: "test-controller",
      create: ({ informers }) => {
        informers.get(namespaces);
        return { name: "test-controller", sources: [source(configmaps, ownKey)], reconcile };
      },
    };
  }

  const draft = { metadata: { name: "a", namespace: "x" } };

  it("reconciles what is there, what changes and what goes", async () => {
    const keys: string[] = [];
    const harness = startHarness([entry(async (key) => void keys.push(key))], {
      before: (api) => void api.put(configmaps, draft),
    });
    await harness.settle();
    await harness.api.delete(configmaps, draft.metadata);
    await harness.settle();
    await harness.stop();
    await harness.api.create(configmaps, draft);
    expect(keys).toEqual(["x/a", "x/a"]);
  });

  it("tries again with back-off, tells of errors but not of conflicts, and looks again when asked to", async () => {
    const results = [
      new Error("first"),
      newConflict(configmaps, "a", optimisticLockMessage),
      { requeueAfterMs: 5000 },
      undefined,
    ];
    const times: number[] = [];
    const harness = startHarness([
      entry(async () => {
        times.push(harness.clock.now());
        const next = results.shift();
        if (next instanceof Error) throw next;
        return next;
      }),
    ]);
    await harness.api.create(configmaps, draft);
    await harness.clock.advance(10_000);
    await harness.stop();
    expect(times.map((time) => time - times[0])).toEqual([0, 5, 15, 5015]);
    expect(harness.errors).toEqual(["test-controller x/a: first"]);
  });

  it("never works on one key twice at once", async () => {
    let [running, most, runs] = [0, 0, 0];
    const harness = startHarness([
      entry(async () => {
        most = Math.max(most, ++running);
        runs++;
        await harness.clock.sleep(10);
        running--;
        return undefined;
      }),
    ]);
    for (let label = 0; label < 20; label++) {
      harness.api.put(configmaps, { metadata: { ...draft.metadata, labels: { label: String(label) } } });
      await harness.clock.advance(3);
    }
    await harness.clock.advance(1000);
    await harness.stop();
    expect(most).toBe(1);
    expect(runs).toBeGreaterThan(2);
  });
});

describe("selectControllers", () => {
  const all = ["a", "b", "scheduler"];
  const cases: { name: string; list: string; want: string[] }[] = [
    { name: "all", list: "*", want: all },
    { name: "all but one", list: "*,-b", want: ["a", "scheduler"] },
    { name: "all but one, the other way round", list: "-b, *", want: ["a", "scheduler"] },
    { name: "some", list: "a,scheduler", want: ["a", "scheduler"] },
    { name: "none", list: "-*", want: [] },
    { name: "none but one", list: "-*,b", want: ["b"] },
    { name: "what is named wins", list: "*,-a,a", want: all },
    { name: "without a star only what is named", list: "-a", want: [] },
  ];
  for (const { name, list, want } of cases) {
    it(name, () => expect([...selectControllers(list, all)]).toEqual(want));
  }

  it("refuses what it does not know", () => {
    expect(() => selectControllers("*,-x", all)).toThrow(
      '"x" is not in the list of known controllers: a, b, scheduler',
    );
  });
});

it("the list of controllers names each once, as the controllers name themselves", () => {
  const names = controllers.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, create } of controllers) {
    const harness = startHarness([{ name, create }]);
    expect(name).toMatch(/^[a-z-]+-controller$/);
    void harness.stop();
  }
});
