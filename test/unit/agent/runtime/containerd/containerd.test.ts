import { expect, it } from "vitest";
import {
  type ContainerdFacts,
  containerdConfig,
  containerdLayout,
} from "../../../../../agent/runtime/containerd/config.ts";
import { hasSysResource, majorOf, nodeLayout } from "../../../../../agent/runtime/containerd/prepare.ts";

const facts: ContainerdFacts = {
  cniBin: "/usr/lib/cni",
  restrictOomScoreAdj: true,
  systemdCgroup: false,
  snapshotter: "overlayfs",
  sandboxImage: "coracle.local/pause:1",
  majorVersion: 1,
};

it.each([1, 2])("containerd %i", async (majorVersion) => {
  const text = containerdConfig(containerdLayout("/data/containerd", "/run/coracle/x"), { ...facts, majorVersion });
  await expect(text).toMatchFileSnapshot(`../../../../golden/containerd/config-${majorVersion}.toml`);
});

it("a socket's path is short however deep the data folder is", () => {
  const deep = nodeLayout(`/tmp/${"deep/".repeat(40)}`);
  expect(Buffer.byteLength(`${deep.socket}.ttrpc`)).toBeLessThan(108);
  expect(deep.socket).not.toBe(nodeLayout("/tmp/other").socket);
});

it("sees whether scores may be lowered", () => {
  expect(hasSysResource("CapEff:\t000001ffffffffff\n")).toBe(true);
  expect(hasSysResource("CapEff:\t000001fffeffffff\n")).toBe(false);
  expect(hasSysResource("")).toBe(false);
});

it.each([
  ["containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3", 1],
  ["containerd github.com/containerd/containerd/v2 v2.1.4 abc", 2],
  ["something else", 1],
])("%s", (line, want) => {
  expect(majorOf(line)).toBe(want);
});
