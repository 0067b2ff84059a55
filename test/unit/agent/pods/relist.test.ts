import { expect, it } from "vitest";
import { garbage } from "../../../../agent/pods/garbage.ts";
import { Relist } from "../../../../agent/pods/relist.ts";
import { FakeRuntime } from "../fake-runtime.ts";

const labels = (uid: string) => ({ "io.kubernetes.pod.uid": uid, "io.kubernetes.container.name": "main" });

async function withPod(runtime: FakeRuntime, uid: string): Promise<{ box: string; id: string }> {
  const config = { metadata: { name: uid, uid, namespace: "shop", attempt: 0 }, labels: labels(uid) };
  const box = await runtime.runPodSandbox(config as never);
  const id = await runtime.createContainer(box, {
    metadata: { name: "main", attempt: 0 },
    labels: labels(uid),
  } as never);
  return { box, id };
}

it("names the pods whose containers or sandboxes have changed", async () => {
  const runtime = new FakeRuntime();
  const relist = new Relist(runtime);
  const changed = async () => [...(await relist.run()).changed].sort();
  const one = await withPod(runtime, "one");
  const two = await withPod(runtime, "two");
  expect(await changed()).toEqual(["one", "two"]);
  expect(await changed()).toEqual([]);
  await runtime.startContainer(one.id);
  expect(await changed()).toEqual(["one"]);
  await runtime.stopPodSandbox(two.box);
  expect(await changed()).toEqual(["two"]);
  await runtime.removeContainer(one.id);
  expect(await changed()).toEqual(["one"]);
});

it("keeps the newest sandbox, and what still holds containers", () => {
  const box = (id: string, createdAt: string, state = "SANDBOX_NOTREADY") => ({
    id,
    createdAt,
    state,
    labels: labels("one"),
  });
  const sandboxes = [box("a", "1"), box("b", "2"), box("c", "3")] as never;
  const held = [
    { id: "x", podSandboxId: "b", createdAt: "1", state: "CONTAINER_EXITED", labels: labels("one") },
  ] as never;
  expect(garbage(sandboxes, held).sandboxes.map(({ id }) => id)).toEqual(["a"]);
});
