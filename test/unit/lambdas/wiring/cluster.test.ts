import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type CloudCluster,
  ClusterNotReady,
  type ClusterParts,
  type Clusters,
  openClusters,
  reconcileBootstrap,
  UnknownCluster,
} from "../../../../lambdas/wiring/cluster.ts";
import { readEnvironment } from "../../../../lambdas/wiring/environment.ts";
import { systemClock } from "../../../../lib/apimachinery/clock.ts";
import { StatusError } from "../../../../lib/apimachinery/errors.ts";
import { createTable } from "../../../../lib/aws/dynamodb/create-table.ts";
import { SdkTable } from "../../../../lib/aws/dynamodb/sdk-table.ts";
import {
  clusterroles,
  endpoints,
  endpointslices,
  namespaces,
  nodes,
  pods,
  serviceaccounts,
  services,
} from "../../../../lib/openapi/types/resources.ts";
import { CloudLoops } from "../../../support/cloud-loops.ts";
import { type CountingProxy, startCountingProxy } from "../../../support/counting-proxy.ts";
import { type DynamoDBLocal, startDynamoDBLocal } from "../../../support/dynamodb-local.ts";

const admin = { username: "admin", groups: ["system:masters"] };
const environment = readEnvironment({
  TABLE_NAME: "table",
  API_URL: "https://192.0.2.2/prod",
  CLUSTERS: "default,blue,green",
  ADMIN_TOKEN: "token",
  SIGNING_KEY_PEM: generateKeyPairSync("ec", { namedCurve: "P-256" })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString(),
});

let dynamodb: DynamoDBLocal;
let proxy: CountingProxy;
let clusters: Clusters;
const opened: Clusters[] = [];

function open(parts: ClusterParts = {}): Clusters {
  const client = { ...dynamodb.client, endpoint: proxy.url };
  const made = openClusters(environment, { store: { client }, ...parts });
  opened.push(made);
  return made;
}

beforeAll(async () => {
  dynamodb = await startDynamoDBLocal();
  proxy = await startCountingProxy(dynamodb.client.endpoint);
  clusters = open();
}, 300_000);
afterAll(async () => {
  for (const one of opened) await one.close();
  await proxy?.stop();
  await dynamodb?.stop();
});

const names = async ({ client }: CloudCluster) => {
  const { items } = await client(admin).list(namespaces);
  return items.map(({ metadata }) => metadata.name);
};
const fresh = ["default", "kube-node-lease", "kube-public", "kube-system"];

/** An answer of the cluster's API to who has that token. */
async function ask({ api }: CloudCluster, method: string, path: string, token: string) {
  const response = await api.fetch(
    new Request(`https://192.0.2.2${path}`, { method, headers: { authorization: `Bearer ${token}` } }),
  );
  return { status: response.status, body: (await response.json()) as { message: string } };
}

describe("clusters", { timeout: 120_000 }, () => {
  test("are tried again where the table was not there", async () => {
    await expect(clusters.get("default")).rejects.toThrow("create the table first");
    await createTable("table", dynamodb.client);
    expect(await names(await clusters.get("default"))).toEqual(fresh);
  });

  test("that begin at once on one table make one fresh cluster", async () => {
    const [one, other] = await Promise.all([open().get("blue"), open().get("blue")]);
    expect(await names(one)).toEqual(fresh);
    expect(await names(other)).toEqual(fresh);
  });

  test("are the same for the next invocation, and cost one read in the next process", async () => {
    expect(await clusters.get("default")).toBe(await clusters.get("default"));
    const next = open();
    const before = proxy.count();
    await next.get("default");
    expect(proxy.count() - before).toBe(1);
  });

  test("take few requests, fresh and afterwards", async () => {
    const cloud = new CloudLoops();
    const taken = async () => {
      cloud.requests.length = 0;
      await cloud.finish(reconcileBootstrap(cloud.newCluster()));
      return cloud.requests.length;
    };
    expect(await taken()).toBeLessThan(100);
    // This table's pages are small: DynamoDB is asked half as often.
    expect(await taken()).toBeLessThan(50);
  });

  test("that are fresh are waited for by who does not make them", async () => {
    const begun = systemClock.now();
    let slept = 0;
    const sleep = async (ms: number) => {
      slept += ms;
    };
    const impatient = open({ fresh: "await", clock: { now: () => begun + slept, sleep } });
    await expect(impatient.get("green")).rejects.toThrow(ClusterNotReady);
    expect(slept).toBe(8_000);
    const table = new SdkTable({ name: "table", client: dynamodb.client });
    expect((await table.query({ pk: "green#collections" })).items).toEqual([]);
    table.close();

    const waiting = open({ fresh: "await" }).get("green");
    await open().get("green");
    expect(await names(await waiting)).toEqual(fresh);
    expect(await names(await impatient.get("green"))).toEqual(fresh);
  });

  test("are those of the deployment", async () => {
    await expect(clusters.get("red")).rejects.toThrow(UnknownCluster);
  });

  test("have a Service kubernetes without endpoints, since the gateway has no address", async () => {
    const client = (await clusters.get("default")).client(admin);
    const named = { namespace: "default", name: "kubernetes" };
    expect(await client.get(services, named)).toMatchObject({ spec: { clusterIP: "10.96.0.1" } });
    expect((await client.list(endpoints)).items).toEqual([]);
    expect((await client.list(endpointslices)).items).toEqual([]);
  });

  test("get back what a release brings and they lack", async () => {
    const cluster = await clusters.get("default");
    const client = cluster.client(admin);
    await client.delete(clusterroles, { name: "view" });
    await reconcileBootstrap(cluster);
    expect((await client.get(clusterroles, { name: "view" })).metadata.name).toBe("view");
  });

  test("do not take each other's tokens", async () => {
    const [here, there] = [await clusters.get("default"), await clusters.get("blue")];
    const metadata = { name: "robot", namespace: "default" };
    for (const { client } of [here, there]) await client(admin).create(serviceaccounts, { metadata });
    const { status } = await here
      .client(admin)
      .createSubresource<{ status: { token: string } }>(serviceaccounts, metadata, "token", {
        kind: "TokenRequest",
        apiVersion: "authentication.k8s.io/v1",
        spec: {},
      });
    expect(await ask(here, "GET", "/api/v1/pods", status.token)).toMatchObject({ status: 403 });
    expect(await ask(there, "GET", "/api/v1/pods", status.token)).toMatchObject({ status: 401 });
  });

  test("refuse what needs a way into a node, as far as upstream would come before", async () => {
    const cluster = await clusters.get("default");
    const client = cluster.client(admin);
    await client.create(serviceaccounts, { metadata: { name: "default", namespace: "default" } });
    const metadata = { name: "web", namespace: "default" };
    const spec = { nodeName: "n1", containers: [{ name: "main", image: "app:1" }] };
    await client.create(pods, { metadata, spec });
    await client.create(nodes, { metadata: { name: "n1" }, spec: {} });
    const path = "/api/v1/namespaces/default/pods";
    const notYet = await ask(cluster, "POST", `${path}/web/proxy`, "token");
    expect(notYet).toMatchObject({ status: 400, body: { message: "address not allowed" } });
    const running = { status: { phase: "Running", podIP: "192.0.2.10" } };
    await client.patch(pods, metadata, "merge", running, { subresource: "status" });
    const ways = ["POST exec?command=sh", "POST attach", "POST portforward", "POST proxy", "GET log"];
    for (const [method, what] of ways.map((way) => way.split(" "))) {
      const { status, body } = await ask(cluster, method, `${path}/web/${what}`, "token");
      expect({ what, status }).toEqual({ what, status: 501 });
      expect(body).toMatchObject({ kind: "Status", code: 501 });
      expect(body.message).toContain("its nodes take no connections");
    }
    expect(await ask(cluster, "POST", `${path}/none/exec?command=sh`, "token")).toMatchObject({ status: 404 });
    expect(await ask(cluster, "GET", `${path}/none/log`, "token")).toMatchObject({ status: 404 });
    const other = await ask(cluster, "GET", `${path}/web/log?container=none`, "token");
    expect(other.body.message).toBe("container none is not valid for pod web");
  });

  test("call the core in the process as whom they are asked to", async () => {
    const { client } = await clusters.get("default");
    const nobody = client({ username: "nobody", groups: ["system:authenticated"] });
    const refused = await nobody.list(namespaces).catch((error) => error);
    expect(refused).toBeInstanceOf(StatusError);
    expect(refused).toMatchObject({ code: 403 });
  });
});
