/** Pod networks of several nodes on one machine. */
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { claimPodNetwork, removeBridge } from "../../agent/network/machine.ts";

test("nodes that start at once have a range each, before any of them has a pod", async () => {
  const folders = Array.from({ length: 4 }, () => `/nowhere/${randomUUID()}`);
  const claimed = await Promise.all(folders.map((folder) => claimPodNetwork(folder)));
  try {
    expect(new Set(claimed.map(({ cidr }) => cidr)).size).toBe(folders.length);
    const [{ cidr, bridge }] = claimed;
    expect(await claimPodNetwork(folders[0], cidr)).toMatchObject({ cidr, bridge });
  } finally {
    for (const { bridge } of claimed) await removeBridge(bridge);
  }
});
