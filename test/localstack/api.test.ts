/** The unmodified kubectl against API Gateway, Lambda and DynamoDB. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../e2e/support/cluster.ts";
import { type CloudCluster, openCluster } from "./support/cloud-cluster.ts";

interface ConfigMap {
  readonly metadata: { name: string; resourceVersion: string };
  readonly data: Record<string, string>;
}

const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

describe("kubectl", () => {
  let cluster: CloudCluster;

  beforeAll(async () => {
    cluster = await openCluster();
  }, 120_000);

  afterAll(() => cluster?.close());

  test("the kinds that are served, in words too", async () => {
    const resources = await cluster.kubectl(["api-resources", "-o", "name"]);
    for (const name of ["pods", "deployments.apps", "accessentries.access.coracle.dev"]) {
      expect(resources.split("\n")).toContain(name);
    }
    expect(await cluster.kubectl(["explain", "pod.spec.nodeName"])).toContain("FIELD: nodeName");
  });

  test("an object's life: create, apply, patch, conflict, delete", async () => {
    await cluster.apply(configMap("life", { a: "1" }));
    await cluster.apply(configMap("life", { a: "2", b: "ä ✓" }));
    const { metadata, data } = await cluster.get<ConfigMap>("configmap", "life");
    expect(data).toEqual({ a: "2", b: "ä ✓" });
    const patch = { data: { c: "3" }, metadata: { resourceVersion: metadata.resourceVersion } };
    const args = ["patch", "configmap", "life", "--type=merge", "-p", JSON.stringify(patch)];
    expect(await cluster.kubectl(args)).toBe("configmap/life patched\n");
    const late = await cluster.run(args.with(-1, JSON.stringify({ ...patch, data: { c: "4" } })));
    expect(late.stderr).toContain("the object has been modified");
    await cluster.kubectl(["delete", "configmap", "life"]);
    const gone = await cluster.run(["get", "configmap", "life"]);
    expect(gone.stderr).toBe('Error from server (NotFound): configmaps "life" not found\n');
  });

  test("get -w tells of a change, and ends cleanly: the gateway buffers, so that a watch takes seconds", async () => {
    const watch = async () => {
      await cluster.apply(configMap("watched", { step: "1" }));
      const selector = "--field-selector=metadata.name=watched";
      const watching = await cluster.follow(
        "get",
        "configmaps",
        "-w",
        selector,
        "--output-watch-events",
        "--no-headers",
      );
      let said = "";
      watching.stdout?.on("data", (chunk) => {
        said += chunk;
      });
      const ended = new Promise((resolve) => watching.once("close", resolve));
      await until("the list", async () => /^ADDED +watched/m.test(said));
      await cluster.kubectl(["delete", "configmap", "watched"]);
      expect(await ended).toBe(0);
      return said;
    };
    // On a busy machine the watch may have ended before the deletion: then it is begun again.
    const said = await until("a watch that saw the deletion", async () => {
      const one = await watch();
      return one.includes("DELETED") && one;
    });
    expect(said).toMatch(/^ADDED +watched .*\nDELETED +watched .*\n$/);
  }, 120_000);

  test.each([
    { name: "logs", args: ["logs", "no-pod"] },
    { name: "exec", args: ["exec", "no-pod", "--", "true"] },
  ])("$name of a pod that is not there: NotFound", async ({ args }) => {
    const { status, stderr } = await cluster.run(args);
    expect(status).toBe(1);
    expect(stderr).toContain('pods "no-pod" not found');
  });

  test("a list longer than a page, and a selector", async () => {
    const names = Array.from({ length: 30 }, (_, n) => `many-${String(n).padStart(2, "0")}`);
    await cluster.apply(
      ...names.map((name) => ({ ...configMap(name, {}), metadata: { name, labels: { many: "true" } } })),
    );
    const listed = await cluster.kubectl(["get", "configmaps", "-l", "many=true", "--chunk-size=12", "-o", "name"]);
    expect(listed.trim().split("\n")).toEqual(names.map((name) => `configmap/${name}`));
    await cluster.kubectl(["delete", "configmaps", "-l", "many=true"]);
    expect(await cluster.kubectl(["get", "configmaps", "-l", "many=true", "-o", "name"])).toBe("");
  }, 120_000);
});
