import { describe, expect, it } from "vitest";
import { newInternalError } from "../../../../lib/apimachinery/errors.ts";
import { newControllerRef } from "../../../../lib/controllers/owned.ts";
import { PodControl, podFromTemplate, slowStart } from "../../../../lib/controllers/pod-control.ts";
import { pods, replicasets } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { webReplicaSet } from "../../../support/workloads.ts";

describe("slowStart", () => {
  const cases: { name: string; count: number; failAt?: number; want: number }[] = [
    { name: "nothing", count: 0, want: 0 },
    { name: "all of them", count: 10, want: 10 },
    { name: "one, where the first fails", count: 10, failAt: 1, want: 1 },
    { name: "a whole batch, where one of it fails", count: 10, failAt: 2, want: 3 },
    { name: "two batches more", count: 100, failAt: 5, want: 7 },
  ];
  for (const { name, count, failAt, want } of cases) {
    it(`calls ${name}`, async () => {
      let calls = 0;
      const error = await slowStart(count, async () => {
        if (++calls === failAt) throw new Error("refused");
      });
      expect(calls).toBe(want);
      expect((error as Error | undefined)?.message).toBe(failAt === undefined ? undefined : "refused");
    });
  }
});

describe("PodControl", () => {
  function start() {
    const api = new FakeApi(new FakeClock(), seededRandom(1));
    const set = api.put(replicasets, webReplicaSet(1));
    const said: string[] = [];
    const events = {
      event: (_: unknown, type: string, reason: string, text: string) => void said.push(`${type} ${reason}: ${text}`),
    };
    return { api, set, said, control: new PodControl(api, events) };
  }

  it("makes pods that share nothing with the template", () => {
    const { set } = start();
    const pod = podFromTemplate(set.spec.template ?? {}, set, newControllerRef(replicasets, set));
    expect(pod.metadata).toMatchObject({ generateName: "web-", namespace: "default", labels: { app: "web" } });
    pod.spec.containers[0].name = "changed";
    expect(set.spec.template?.spec?.containers[0].name).toBe("web");
  });

  it("says what it has done", async () => {
    const { api, set, said, control } = start();
    const draft = podFromTemplate(set.spec.template ?? {}, set, newControllerRef(replicasets, set));
    const pod = await control.create(draft, set);
    expect(await control.delete(pod, set)).toBe(true);
    expect(await control.delete(pod, set)).toBe(false);
    api.beforeWrite = () => {
      throw newInternalError("no");
    };
    await expect(control.create(draft, set)).rejects.toThrow("no");
    await expect(control.delete(pod, set)).rejects.toThrow("unable to delete pods: Internal error occurred: no");
    const { name } = pod.metadata;
    expect(said).toEqual([
      `Normal SuccessfulCreate: Created pod: ${name}`,
      `Normal SuccessfulDelete: Deleted pod: ${name}`,
      "Warning FailedCreate: Error creating: Internal error occurred: no",
      "Warning FailedDelete: Error deleting: Internal error occurred: no",
    ]);
    expect(api.all(pods)).toEqual([]);
  });
});
