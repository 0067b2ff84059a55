import { describe, expect, it } from "vitest";
import { newForbidden } from "../../../../lib/apimachinery/errors.ts";
import { createEventRecorder } from "../../../../lib/client/event-recorder.ts";
import type { Event } from "../../../../lib/openapi/types/core-v1.ts";
import { events } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "x", uid: "u", resourceVersion: "5", creationTimestamp: "" },
};

function start() {
  const clock = new FakeClock();
  const api = new FakeApi(clock, seededRandom(1));
  return { clock, api, recorder: createEventRecorder(api, { component: "kubelet", host: "n1" }, clock) };
}

const shown = (api: FakeApi) => api.all<Event>(events).map(({ count, message }) => `${count} ${message}`);

describe("event recorder", () => {
  it("writes an Event about the object", async () => {
    const { api, recorder } = start();
    recorder.event(pod, "Warning", "BackOff", "restarting", { fieldPath: "spec.containers{web}" });
    await recorder.flush();
    expect(api.all<Event>(events)).toMatchObject([
      {
        metadata: { namespace: "x", name: expect.stringMatching(/^p\.[0-9a-f]{16}$/) },
        involvedObject: { kind: "Pod", name: "p", uid: "u", fieldPath: "spec.containers{web}", resourceVersion: "5" },
        reason: "BackOff",
        message: "restarting",
        type: "Warning",
        count: 1,
        firstTimestamp: "2026-01-01T00:00:00Z",
        lastTimestamp: "2026-01-01T00:00:00Z",
        source: { component: "kubelet", host: "n1" },
        reportingComponent: "kubelet",
        reportingInstance: "n1",
      },
    ]);
  });

  it("writes one Event of what several processes record and want once", async () => {
    const { api, clock, recorder } = start();
    const other = createEventRecorder(api, { component: "kubelet", host: "n1" }, clock);
    for (const one of [recorder, other]) {
      one.event(pod, "Normal", "Registered", "here", { once: true });
      one.event(pod, "Normal", "Registered", "there", { once: true });
      await one.flush();
      await clock.advance(1000);
    }
    expect(shown(api)).toEqual(["1 here", "1 there"]);
  });

  it("counts what it has said before", async () => {
    const { api, clock, recorder } = start();
    for (let time = 0; time < 3; time++) {
      recorder.event(pod, "Normal", "Pulled", "again");
      await recorder.flush();
      await clock.advance(10_000);
    }
    recorder.event(pod, "Normal", "Pulled", "other");
    await recorder.flush();
    expect(shown(api)).toEqual(["3 again", "1 other"]);
    expect(api.all<Event>(events)[0]).toMatchObject({
      firstTimestamp: "2026-01-01T00:00:00Z",
      lastTimestamp: "2026-01-01T00:00:20Z",
    });
  });

  it("writes a new one when the old has expired", async () => {
    const { api, recorder } = start();
    recorder.event(pod, "Normal", "Pulled", "again");
    await recorder.flush();
    api.remove(events, api.all(events)[0].metadata);
    recorder.event(pod, "Normal", "Pulled", "again");
    recorder.event(pod, "Normal", "Pulled", "again");
    await recorder.flush();
    expect(shown(api)).toEqual(["3 again"]);
  });

  it("joins many that differ only in their message", async () => {
    const { api, recorder } = start();
    for (let number = 0; number < 12; number++) recorder.event(pod, "Normal", "Pulled", `image ${number}`);
    await recorder.flush();
    expect(shown(api).slice(-2)).toEqual(["1 image 8", "3 (combined from similar events): image 11"]);
  });

  it("drops a flood about one object, and lets one through each five minutes", async () => {
    const { api, clock, recorder } = start();
    for (let number = 0; number < 40; number++) recorder.event(pod, "Normal", `Reason${number}`, "m");
    await recorder.flush();
    expect(api.all(events)).toHaveLength(25);
    await clock.advance(301_000);
    recorder.event(pod, "Normal", "Late1", "m");
    recorder.event(pod, "Normal", "Late2", "m");
    await recorder.flush();
    expect(api.all(events)).toHaveLength(26);
  });

  it("neither throws nor waits when it cannot write", async () => {
    const { api, recorder } = start();
    api.beforeWrite = () => {
      throw newForbidden(events, "e", "the namespace is being terminated");
    };
    recorder.event(pod, "Normal", "Pulled", "m");
    await recorder.flush();
    api.beforeWrite = undefined;
    recorder.event(pod, "Normal", "Pulled", "m");
    await recorder.flush();
    expect(shown(api)).toEqual(["1 m"]);
  });
});
