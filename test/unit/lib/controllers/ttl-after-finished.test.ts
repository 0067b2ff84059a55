import { afterEach, describe, expect, it } from "vitest";
import { timeText } from "../../../../lib/apimachinery/clock.ts";
import { createTtlAfterFinishedController } from "../../../../lib/controllers/ttl-after-finished.ts";
import { jobs } from "../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

describe("ttl-after-finished controller", () => {
  const cases: { name: string; condition?: string; ttl?: number; want: number | undefined }[] = [
    { name: "a complete Job", condition: "Complete", ttl: 60, want: 60 },
    { name: "a failed Job", condition: "Failed", ttl: 30, want: 30 },
    { name: "a Job without a ttl", condition: "Complete", want: undefined },
    { name: "a Job that runs", ttl: 10, want: undefined },
    { name: "a Job with a ttl of nothing", condition: "Complete", ttl: 0, want: 0 },
  ];
  for (const { name, condition, ttl, want } of cases) {
    it(`deletes ${name} in its time`, async () => {
      harness = startHarness([{ name: "ttl-after-finished-controller", create: createTtlAfterFinishedController }]);
      const { api, clock } = harness;
      const lastTransitionTime = timeText(clock.now());
      api.put(jobs, {
        metadata: { name: "j", namespace: "default" },
        spec: { template: {}, ...(ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl }) },
        status:
          condition === undefined ? {} : { conditions: [{ type: condition, status: "True", lastTransitionTime }] },
      });
      let after: number | undefined;
      for (let second = 0; second <= 100 && after === undefined; second++) {
        await clock.advance(1000);
        if (api.all(jobs)[0].metadata.deletionTimestamp !== undefined) after = second;
      }
      if (want === undefined) expect(after).toBeUndefined();
      else expect(Math.abs((after ?? -10) - want)).toBeLessThanOrEqual(1);
    });
  }
});
