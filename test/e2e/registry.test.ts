/** Images from a private registry, with its secret and without. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { busyboxImage } from "./support/busybox-image.ts";
import { startCluster, type TestCluster, until } from "./support/cluster.ts";
import { type Registry, startRegistry } from "./support/registry.ts";

interface Pod {
  readonly status: {
    phase: string;
    containerStatuses?: { state: { waiting?: { reason: string; message: string } } }[];
  };
}

describe("a private registry", () => {
  let cluster: TestCluster;
  let registry: Registry;

  beforeAll(async () => {
    [cluster, registry] = await Promise.all([
      startCluster("--node"),
      startRegistry({ name: "reader", password: "not-a-secret" }),
    ]);
    await registry.push(busyboxImage(), "team/app", "1");
  }, 120_000);

  afterAll(async () => {
    await cluster?.remove();
    await registry?.stop();
  }, 60_000);

  const apply = (name: string, more: object) => {
    const containers = [{ name: "c", image: `${registry.host}/team/app:1`, command: ["true"] }];
    const spec = { restartPolicy: "Never", containers, ...more };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec };
    return cluster.kubectl(["apply", "-f", "-"], JSON.stringify(pod));
  };
  const waiting = async (name: string) =>
    (await cluster.get<Pod>("pod", name)).status.containerStatuses?.[0].state.waiting;

  test("without its secret: ErrImagePull, then ImagePullBackOff, and events that say so", async () => {
    await apply("stranger", {});
    const error = await until("ErrImagePull", async () => {
      const found = await waiting("stranger");
      return found?.reason === "ErrImagePull" && found;
    });
    expect(error.message).toMatch(/401|authorization failed|unauthorized/i);
    await until("ImagePullBackOff", async () => (await waiting("stranger"))?.reason === "ImagePullBackOff");
    await until("the events", async () => {
      const events = await cluster.kubectl(["get", "events", "--field-selector", "involvedObject.name=stranger"]);
      return events.includes("Failed to pull image") && events.includes("Back-off pulling image");
    });
    await cluster.kubectl(["delete", "pod", "stranger", "--now"]);
  }, 90_000);

  test("with its secret: runs", async () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/dockerconfigjson",
      metadata: { name: "registry" },
      stringData: { ".dockerconfigjson": registry.dockerConfig },
    };
    await cluster.kubectl(["apply", "-f", "-"], JSON.stringify(secret));
    await apply("reader", { imagePullSecrets: [{ name: "registry" }] });
    await until("its end", async () => (await cluster.get<Pod>("pod", "reader")).status.phase === "Succeeded");
  }, 90_000);

  test("the image is on the machine now; a pod without the secret still may not have it", async () => {
    await apply("late-stranger", {});
    await until("ErrImagePull", async () => (await waiting("late-stranger"))?.reason === "ErrImagePull");
    await cluster.kubectl(["delete", "pod", "late-stranger", "--now"]);
  }, 90_000);

  test("with a name that is not there: ErrImagePull", async () => {
    const name = "missing";
    const containers = [{ name: "c", image: `${registry.host}/team/none:9` }];
    const spec = { containers, imagePullSecrets: [{ name: "registry" }] };
    await cluster.kubectl(
      ["apply", "-f", "-"],
      JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec }),
    );
    await until("ErrImagePull", async () => (await waiting(name))?.reason === "ErrImagePull");
    await cluster.kubectl(["delete", "pod", name, "--now"]);
  }, 90_000);
});
