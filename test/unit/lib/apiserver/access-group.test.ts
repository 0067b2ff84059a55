import { generateKeyPairSync } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock, systemRandom } from "../../../../lib/apimachinery/clock.ts";
import { localSigner } from "../../../../lib/apiserver/authentication/signer.ts";
import { type ClusterServer, createClusterServer } from "../../../../lib/apiserver/cluster-server.ts";
import { accessGroup } from "../../../../lib/openapi/access-group.ts";
import type { DiscoveryGroup } from "../../../../lib/openapi/discovery.ts";
import { openSqliteStore } from "../../../../lib/storage/sqlite/store.ts";

const store = await openSqliteStore({ file: ":memory:", durable: false });
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

function serverOf(cluster: string, moreGroups?: readonly DiscoveryGroup[]): ClusterServer {
  return createClusterServer({
    cluster,
    store,
    clock: systemClock,
    random: systemRandom,
    config: { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30_000, 32_767] },
    keys: [localSigner(privateKey)],
    serverUrl: "https://192.0.2.2:6443",
    staticTokens: { secret: { username: "admin", groups: ["system:masters"] } },
    moreGroups,
    logError: (error) => {
      throw error;
    },
  });
}

const cloud = serverOf("cloud", [accessGroup]);
const plain = serverOf("plain");
afterAll(async () => {
  cloud.close();
  plain.close();
  await store.close();
});

async function send(server: ClusterServer, method: string, path: string, body?: object, accept = "application/json") {
  const headers: Record<string, string> = { authorization: "Bearer secret", accept };
  if (body) headers["content-type"] = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const request = new Request(`https://x${path}`, { method, headers, body: body && JSON.stringify(body) });
  const response = await server.fetch(request);
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every kind.
  return { status: response.status, body: (text.startsWith("{") ? JSON.parse(text) : text) as any };
}

const path = "/apis/access.coracle.dev/v1/accessentries";
const principalArn = "arn:aws:iam::111122223333:role/admins";
const entry = {
  apiVersion: "access.coracle.dev/v1",
  kind: "AccessEntry",
  metadata: { name: "admins" },
  spec: { principalArn, groups: ["admins"] },
};

describe("the access group", () => {
  it("is not there where nobody asks for it", async () => {
    expect((await send(plain, "GET", path)).status).toBe(404);
    expect((await send(plain, "GET", "/apis/access.coracle.dev")).status).toBe(404);
    const { body } = await send(plain, "GET", "/apis");
    expect(body.groups.map(({ name }: { name: string }) => name)).not.toContain("access.coracle.dev");
  });

  it("is told by discovery, after the built-in groups", async () => {
    const { body } = await send(cloud, "GET", "/apis");
    expect(body.groups.at(-1)).toMatchObject({ name: "access.coracle.dev" });
    expect(body.groups.slice(0, -1)).toEqual((await send(plain, "GET", "/apis")).body.groups);
    const version = await send(cloud, "GET", "/apis/access.coracle.dev/v1");
    expect(version.body.resources).toMatchObject([{ name: "accessentries", kind: "AccessEntry", namespaced: false }]);
    const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const all = await send(cloud, "GET", "/apis", undefined, aggregated);
    expect(all.body.items.at(-1).metadata).toEqual({ name: "access.coracle.dev" });
  });

  it("is documented, for kubectl explain and for kubectl's own validation", async () => {
    const { body } = await send(cloud, "GET", "/openapi/v3/apis/access.coracle.dev/v1");
    const schemas = body.components.schemas;
    expect(schemas["dev.coracle.access.v1.AccessEntry"]).toMatchObject({
      description: "AccessEntry says who an IAM principal is in this cluster.",
      required: ["spec"],
      "x-kubernetes-group-version-kind": [{ group: "access.coracle.dev", version: "v1", kind: "AccessEntry" }],
    });
    expect(schemas["dev.coracle.access.v1.AccessEntrySpec"].properties.type.enum).toEqual(["Node", "Standard"]);
    const v2 = await send(cloud, "GET", "/openapi/v2");
    expect(v2.body.definitions["dev.coracle.access.v1.AccessEntrySpec"].required).toEqual(["principalArn"]);
  });

  it("is written, read, changed and deleted as any other", async () => {
    const created = await send(cloud, "POST", path, entry);
    expect(created).toMatchObject({ status: 201, body: { spec: { type: "Standard" }, metadata: { generation: 1 } } });
    const again = await send(cloud, "POST", path, { ...entry, metadata: { name: "again" } });
    expect(again).toMatchObject({
      status: 422,
      body: {
        message: `AccessEntry.access.coracle.dev "again" is invalid: spec.principalArn: Duplicate value: "${principalArn}"`,
      },
    });
    const strict = await send(cloud, "POST", `${path}?fieldValidation=Strict`, { ...entry, spec: { principal: "x" } });
    expect(strict).toMatchObject({ status: 400, body: { message: expect.stringContaining('"spec.principal"') } });
    const changed = await send(cloud, "PATCH", `${path}/admins`, { spec: { groups: ["admins", "more"] } });
    expect(changed.body).toMatchObject({ metadata: { generation: 2 }, spec: { groups: ["admins", "more"] } });
    const tableForm = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const table = await send(cloud, "GET", path, undefined, tableForm);
    expect(table.body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      "Name",
      "Principal",
      "Type",
      "Groups",
      "Age",
      "Username",
    ]);
    expect(table.body.rows[0].cells.slice(0, 4)).toEqual(["admins", principalArn, "Standard", "admins,more"]);
    expect((await send(cloud, "DELETE", `${path}/admins`)).status).toBe(200);
    expect((await send(cloud, "GET", path)).body.items).toEqual([]);
  });
});
