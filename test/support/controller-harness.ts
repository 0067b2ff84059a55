/** Runs one or more controllers on the fake API until there is nothing left to do. */
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import type { ControllerEntry } from "../../lib/controllers/controller.ts";
import { type RunControllersOptions, type RunningControllers, runControllers } from "../../lib/local/controllers.ts";
import { createObjectGraph } from "../../lib/local/object-graph.ts";
import type { Event } from "../../lib/openapi/types/core-v1.ts";
import { events } from "../../lib/openapi/types/resources.ts";
import { FakeApi } from "./fake-api.ts";
import { FakeClock, seededRandom, settle } from "./fake-clock.ts";
import { type Delivery, FakeInformers } from "./fake-informers.ts";

/** A fake cluster with controllers that run. */
export interface Harness {
  readonly api: FakeApi;
  readonly clock: FakeClock;
  readonly informers: FakeInformers;
  readonly errors: string[];
  /** Lets everything that can be done without time passing be done, the first back-offs included. */
  settle(): Promise<void>;
  /** `reason: message` of all Events. */
  events(): string[];
  stop(): Promise<void>;
}

/** What a harness starts with. */
export interface HarnessOptions {
  readonly seed?: number;
  readonly delivery?: (resource: Resource) => Delivery;
  readonly options?: Partial<RunControllersOptions>;
  /** Called with the API before the controllers start. */
  readonly before?: (api: FakeApi) => void;
}

/** Starts the controllers. */
export function startHarness(entries: readonly ControllerEntry[], given: HarnessOptions = {}): Harness {
  const clock = new FakeClock();
  const random = seededRandom(given.seed ?? 1);
  const api = new FakeApi(clock, random);
  given.before?.(api);
  const errors: string[] = [];
  const informers = new FakeInformers(api, given.delivery);
  const running: RunningControllers = runControllers({
    client: () => api,
    informers,
    graph: createObjectGraph({ client: api, informers, clock }),
    clock,
    random,
    controllers: entries,
    rootCertificate: "CERTIFICATE",
    onError: (controller, key, error) => errors.push(`${controller} ${key}: ${(error as Error).message}`),
    ...given.options,
  });
  return {
    api,
    clock,
    informers,
    errors,
    async settle() {
      await settle();
      for (let round = 0; round < 50 && !running.idle(); round++) await settle();
      // Conflicts are tried again after some ms.
      await clock.advance(100);
      for (let round = 0; round < 50 && !running.idle(); round++) await settle();
    },
    events: () => api.all<Event>(events).map(({ reason, message }) => `${reason}: ${message}`),
    stop: () => running.stop(),
  };
}

/** Metadata for a test's object. */
export function meta(name: string, more: Partial<KubeObject["metadata"]> = {}): Partial<KubeObject["metadata"]> {
  return { name, namespace: "default", ...more };
}
