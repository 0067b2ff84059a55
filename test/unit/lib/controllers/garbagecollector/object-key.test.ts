import { expect, it } from "vitest";
import { objectKey, parseObjectKey } from "../../../../../lib/controllers/garbagecollector/object-key.ts";
import { roles } from "../../../../../lib/openapi/types/resources.ts";

it.each(["web", "my role: all of it", "a#b"])("a key names what it was made of: %s", (name) => {
  const metadata = { name, namespace: "default", uid: "u-1", creationTimestamp: "", resourceVersion: "1" };
  const key = objectKey(roles, { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata });
  expect(parseObjectKey(key)).toEqual({
    group: "rbac.authorization.k8s.io",
    plural: "roles",
    uid: "u-1",
    namespace: "default",
    name,
  });
});

it.each(["", "nonsense", "a/b/c"])("what is no key names nothing that is served: %j", (key) => {
  expect(parseObjectKey(key)).toMatchObject({ plural: "", uid: "", name: "" });
});
