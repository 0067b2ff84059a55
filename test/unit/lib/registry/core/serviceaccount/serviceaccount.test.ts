import { describe, expect, test } from "vitest";
import { pods, serviceaccounts } from "../../../../../../lib/openapi/types/resources.ts";
import { serviceAccountStrategy } from "../../../../../../lib/registry/core/serviceaccount/strategy.ts";
import { tokenSubresource } from "../../../../../../lib/registry/core/serviceaccount/token.ts";
import type { TokenOrder } from "../../../../../../lib/registry/strategy.ts";
import { context, created, messageOf } from "../../objects.ts";

/** A context with an account and a pod, whose signer writes down what it is asked for. */
async function world() {
  const orders: TokenOrder[] = [];
  const tokens = {
    audiences: ["https://kubernetes.default.svc"],
    sign: async (order: TokenOrder) => {
      orders.push(order);
      return "token";
    },
  };
  const at = context({ tokens });
  await at.objects.create(serviceaccounts, { metadata: { namespace: "d", name: "a", uid: "uid-a" } });
  const spec = { serviceAccountName: "a", nodeName: "n" };
  await at.objects.create(pods, { metadata: { namespace: "d", name: "p", uid: "uid-p" }, spec });
  await at.objects.create(pods, {
    metadata: { namespace: "d", name: "q", uid: "uid-q" },
    spec: { serviceAccountName: "b" },
  });
  const ask = (request: object, name = "a", metadata = {}) =>
    tokenSubresource.create({ namespace: "d", name }, { metadata, spec: request }, at);
  return { orders, ask };
}

describe("tokens", () => {
  test("are for the server itself for an hour, unless told otherwise", async () => {
    const { orders, ask } = await world();
    const answer = await ask({});
    expect(answer.status).toEqual({ token: "token", expirationTimestamp: "2026-01-01T01:00:00Z" });
    expect(answer.spec).toEqual({
      audiences: ["https://kubernetes.default.svc"],
      expirationSeconds: 3600,
      boundObjectRef: null,
    });
    expect(orders[0].serviceAccount).toEqual({ namespace: "d", name: "a", uid: "uid-a" });
  });

  test("of projected volumes live a year and are reported after their time", async () => {
    const { orders, ask } = await world();
    const answer = await ask({ expirationSeconds: 3607, boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p" } });
    expect(answer.status).toMatchObject({ expirationTimestamp: "2026-01-01T01:00:07Z" });
    expect(orders[0]).toMatchObject({
      expirationSeconds: 31_536_000,
      warnAfterSeconds: 3607,
      boundTo: { kind: "Pod", name: "p", uid: "uid-p" },
      node: { name: "n" },
    });
  });

  test.each([
    { name: "of nobody", account: "nobody", spec: {}, want: 'serviceaccounts "nobody" not found' },
    {
      name: "that end too soon",
      spec: { expirationSeconds: 599 },
      want: "may not specify a duration less than 10 minutes",
    },
    {
      name: "that live too long",
      spec: { expirationSeconds: 2 ** 32 + 1 },
      want: "may not specify a duration larger than 2^32 seconds",
    },
    {
      name: "bound to another account's pod",
      spec: { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "q" } },
      want: 'cannot bind token for serviceaccount "a" to pod running with different serviceaccount name.',
    },
    {
      name: "bound to what they can't be",
      spec: { boundObjectRef: { apiVersion: "v1", kind: "ConfigMap", name: "q" } },
      want: "cannot bind token to object of type /v1, Kind=ConfigMap",
    },
    {
      name: "bound to what has been replaced",
      spec: { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", uid: "other" } },
      want: "the UID in the bound object reference (other) does not match the UID in record",
    },
    {
      name: "whose request names another account",
      spec: {},
      metadata: { name: "b" },
      want: "must match the service account name if specified",
    },
  ])("$name are refused", async ({ account = "a", spec, metadata = {}, want }) => {
    const { ask, orders } = await world();
    expect(await messageOf(ask(spec, account, metadata))).toContain(want);
    expect(orders).toEqual([]);
  });
});

test("of a reference to a Secret only the name is kept", () => {
  const account = created("core.v1.ServiceAccount", serviceAccountStrategy, {
    metadata: { name: "a" },
    secrets: [{ name: "s", namespace: "elsewhere", uid: "u" }],
  });
  expect(account.secrets).toEqual([{ name: "s" }]);
});
