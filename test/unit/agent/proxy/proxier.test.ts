import { expect, it, vi } from "vitest";
import { Proxier } from "../../../../agent/proxy/proxier.ts";
import { systemClock } from "../../../../lib/apimachinery/clock.ts";
import { InformerStore } from "../../../../lib/client/shared-informers.ts";
import type { Pod, Service } from "../../../../lib/openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../../../lib/openapi/types/discovery-v1.ts";
import { service, slice } from "../objects.ts";

it("applies the rules again when they have changed, and only then; a failure is tried again", async () => {
  const services = new InformerStore<Service>();
  const slices = new InformerStore<EndpointSlice>();
  const pods = new InformerStore<Pod>();
  for (const store of [services, slices, pods]) store.replace([], "1");
  const applied: string[] = [];
  const said: string[] = [];
  let broken = false;
  const proxier = new Proxier({
    services,
    slices,
    pods,
    fixed: { table: "t", nodeName: "n", podCidr: "10.244.0.0/24", clusterCidrs: [], masqueradeLocal: false },
    clock: { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(ms / 10, signal) },
    log: (message) => said.push(message),
    apply: async (text) => {
      if (broken) throw new Error("nft is ill");
      applied.push(text);
    },
  });
  await proxier.start();
  expect(applied).toHaveLength(1);
  services.apply({ type: "ADDED", object: service("web", { clusterIP: "10.96.0.7", ports: [{ port: 80 }] }) });
  await vi.waitFor(() => expect(applied).toHaveLength(2));
  expect(applied[1]).toContain("elements = { 10.96.0.7 . tcp . 80 }");
  slices.apply({ type: "ADDED", object: slice("web", [{ ip: "10.244.0.2" }]) });
  await vi.waitFor(() => expect(applied.at(-1)).toContain("dnat ip to 10.244.0.2:8080"));
  broken = true;
  slices.apply({ type: "DELETED", object: slice("web", [{ ip: "10.244.0.2" }]) });
  await vi.waitFor(() => expect(said[0]).toBe("the rules for Services can't be set: nft is ill"));
  broken = false;
  await vi.waitFor(() => expect(applied.at(-1)).not.toContain("10.244.0.2"));
  await proxier.stop();
});
