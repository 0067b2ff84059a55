import { expect, it, vi } from "vitest";
import { References } from "../../../../agent/pods/references.ts";
import { WatchedCopies } from "../../../../agent/transport/direct.ts";
import { systemClock, systemRandom } from "../../../../lib/apimachinery/clock.ts";
import type { Client, WatchEvent } from "../../../../lib/client/interface.ts";
import type { ConfigMap } from "../../../../lib/openapi/types/core-v1.ts";
import { pod } from "../objects.ts";

const object = (value: string, resourceVersion: string): ConfigMap => ({
  metadata: { name: "cm", namespace: "shop", uid: "c1", resourceVersion, creationTimestamp: "" },
  data: { key: value },
});

it("watches an object as long as a pod needs it, and tells of changes", async () => {
  let push: (event: WatchEvent<ConfigMap>) => void = () => {};
  let watching = 0;
  const client = {
    list: async () => ({ items: [object("one", "5")], resourceVersion: "5" }),
    async *watch(_resource: unknown, _query: unknown, signal: AbortSignal) {
      watching++;
      try {
        while (!signal.aborted) {
          const event = await new Promise<WatchEvent<ConfigMap> | undefined>((resolve) => {
            push = resolve;
            signal.addEventListener("abort", () => resolve(undefined));
          });
          if (event) yield event;
        }
      } finally {
        watching--;
      }
    },
  } as unknown as Client;
  const changed: string[] = [];
  const references = new References({
    copies: new WatchedCopies(client, systemClock, systemRandom),
    clock: systemClock,
    onChange: (uid) => changed.push(uid),
  });
  expect((await references.configMap(pod(), "cm"))?.data).toEqual({ key: "one" });
  expect(await references.configMap(pod(), "cm")).toBeDefined();
  await vi.waitFor(() => expect(watching).toBe(1));
  push({ type: "MODIFIED", object: object("two", "6") });
  await vi.waitFor(() => expect(changed).toEqual(["u1"]));
  expect((await references.configMap(pod(), "cm"))?.data).toEqual({ key: "two" });
  references.release("u1");
  await vi.waitFor(() => expect(watching).toBe(0));
});

it("gives undefined where there is none", async () => {
  const client = {
    list: async () => ({ items: [], resourceVersion: "1" }),
    async *watch(_resource: unknown, _query: unknown, signal: AbortSignal) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  } as unknown as Client;
  const references = new References({
    copies: new WatchedCopies(client, systemClock, systemRandom),
    clock: systemClock,
    onChange: () => {},
  });
  expect(await references.secret(pod(), "none")).toBeUndefined();
  references.stop();
});
