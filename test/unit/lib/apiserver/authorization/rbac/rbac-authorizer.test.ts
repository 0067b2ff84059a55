import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuthorizationAttributes, Authorizer } from "../../../../../../lib/apiserver/authorization/authorizer.ts";
import { rbacAuthorizer } from "../../../../../../lib/apiserver/authorization/rbac/rbac-authorizer.ts";
import { roleCache } from "../../../../../../lib/apiserver/authorization/rbac/role-cache.ts";
import type { Store } from "../../../../../../lib/storage/interface.ts";
import { openSqliteStore } from "../../../../../../lib/storage/sqlite/store.ts";
import { FakeClock } from "../../../../../support/fake-clock.ts";

const group = "rbac.authorization.k8s.io";
const bindings = { cluster: "c", group, resource: "clusterrolebindings" };
const value = (object: unknown) => ({ text: () => JSON.stringify(object), labels: {}, fields: {}, owners: [] });
const user = { username: "jane", groups: [] };
const get: AuthorizationAttributes = {
  ...{ user, verb: "get", version: "v1", group: "", resource: "pods" },
  ...{ subresource: "", namespace: "d", name: "p" },
};

describe("RBAC that is looked up on use", () => {
  let store: Store;
  let clock: FakeClock;
  let stop: AbortController;
  let authorizer: Authorizer;
  let bound: number;

  beforeEach(async () => {
    store = await openSqliteStore({ file: ":memory:", durable: false });
    clock = new FakeClock();
    stop = new AbortController();
    authorizer = rbacAuthorizer(roleCache("c", { store, clock, signal: stop.signal, mode: "on use" }));
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
    await store.create({ cluster: "c", group, resource: "clusterroles" }, "see", value({ rules }));
    const roleRef = { apiGroup: group, kind: "ClusterRole", name: "see" };
    const subjects = [{ kind: "User", apiGroup: group, name: "jane" }];
    bound = await store.create(bindings, "jane", value({ metadata: { name: "jane" }, roleRef, subjects }));
  });
  afterEach(async () => {
    stop.abort();
    await store.close();
  });

  const expects = (attributes = get) => authorizer.expects?.(attributes);

  it("expects nothing before it has looked, nor while it need not look", async () => {
    expect(expects()).toBe(false);
    expect((await authorizer.authorize(get)).decision).toBe("allow");
    expect(expects()).toBe(false);
  });

  it("expects what it knows once that is old, and decides by what is", async () => {
    await authorizer.authorize(get);
    await clock.advance(1_000);
    expect(expects()).toBe(true);
    expect(expects({ ...get, verb: "list" })).toBe(false);
    await store.delete(bindings, "jane", bound, value({}));
    expect(expects()).toBe(true);
    expect((await authorizer.authorize(get)).decision).toBe("no opinion");
    await clock.advance(1_000);
    expect(expects()).toBe(false);
  });
});
