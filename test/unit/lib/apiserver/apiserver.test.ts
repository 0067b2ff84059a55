import { describe, expect, test } from "vitest";
import type { StatusError } from "../../../../lib/apimachinery/errors.ts";
import type { AnyObject } from "../../../../lib/apimachinery/meta.ts";
import { decodeContinue, encodeContinue } from "../../../../lib/apiserver/continue-token.ts";
import { listOptions } from "../../../../lib/apiserver/list-options.ts";
import { negotiate, wantsPretty } from "../../../../lib/apiserver/negotiation.ts";
import { deleteOptionsOfQuery, writeOptions } from "../../../../lib/apiserver/options.ts";
import { dedupOwnerReferences } from "../../../../lib/apiserver/owner-references.ts";
import { listForms, objectForms } from "../../../../lib/apiserver/request.ts";
import { requestInfo } from "../../../../lib/apiserver/request-info.ts";
import { failureResponse, jsonText, warningHeader } from "../../../../lib/apiserver/respond.ts";
import { parseSelectors } from "../../../../lib/apiserver/selectors.ts";
import { tooLargeResourceVersion, translate } from "../../../../lib/apiserver/storage-errors.ts";
import { findResource } from "../../../../lib/openapi/resources.ts";
import { KeyExists, KeyNotFound, RevisionConflict, ValueTooLarge } from "../../../../lib/storage/interface.ts";

/** The Status that a call throws. */
function refusal(call: () => unknown) {
  try {
    call();
  } catch (error) {
    return (error as StatusError).status;
  }
  throw new Error("nothing was thrown");
}

describe("requestInfo", () => {
  const cases = [
    { name: "list", method: "GET", path: "/api/v1/pods", want: { verb: "list", resource: "pods", namespace: "" } },
    { name: "watch", method: "GET", path: "/api/v1/pods?watch=maybe", want: { verb: "watch", resource: "pods" } },
    { name: "old watch", method: "GET", path: "/api/v1/watch/pods", want: { verb: "watch", oldWatch: true } },
    {
      name: "an object of a group",
      method: "GET",
      path: "/apis/apps/v1/namespaces/a/deployments/b/scale",
      want: { verb: "get", group: "apps", version: "v1", namespace: "a", name: "b", subresource: "scale" },
    },
    {
      name: "a namespace's own subresource",
      method: "PUT",
      path: "/api/v1/namespaces/a/finalize",
      want: { verb: "update", resource: "namespaces", name: "a", subresource: "finalize" },
    },
    {
      name: "a collection's deletion",
      method: "DELETE",
      path: "/api/v1/namespaces/a/pods",
      want: { verb: "deletecollection", namespace: "a" },
    },
    {
      name: "a selected name counts as one for authorization",
      method: "GET",
      path: "/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dx",
      want: { verb: "list", name: "x" },
    },
    {
      name: "no resource",
      method: "GET",
      path: "/healthz",
      want: { isResource: false, verb: "get", path: "/healthz" },
    },
    { name: "discovery", method: "GET", path: "/apis/apps/v1", want: { isResource: false, group: "apps" } },
  ];
  test.each(cases)("$name", ({ method, path, want }) => {
    expect(requestInfo(method, path)).toMatchObject(want);
  });
});

describe("negotiate", () => {
  const table = "application/json;as=Table;g=meta.k8s.io;v=";
  const cases = [
    { name: "nothing said", accept: undefined, want: { format: "json", pretty: false } },
    { name: "YAML", accept: "application/yaml", want: { format: "yaml" } },
    {
      name: "protobuf first, JSON else",
      accept: "application/vnd.kubernetes.protobuf,application/json",
      want: { format: "json" },
    },
    { name: "a table", accept: `${table}v1,application/json`, want: { as: "Table", formVersion: "meta.k8s.io/v1" } },
    { name: "an older table", accept: `${table}v1beta1`, want: { as: "Table", formVersion: "meta.k8s.io/v1beta1" } },
    { name: "the q values decide", accept: "application/json;q=0.1,application/yaml", want: { format: "yaml" } },
  ];
  test.each(cases)("$name", ({ accept, want }) => {
    expect(negotiate(accept, objectForms)).toMatchObject(want);
  });
  test.each([
    ["a type that is not served", "text/html"],
    ["any application type", "application/*"],
    ["a version of a table that is not served", `${table}v9`],
  ])("406: %s", (_, accept) => {
    expect(refusal(() => negotiate(accept, listForms)).code).toBe(406);
  });

  test("people get indented answers", () => {
    const request = (agent: string) => ({ header: (name: string) => (name === "user-agent" ? agent : undefined) });
    const pretty = (agent: string, query: string) => wantsPretty(request(agent) as never, new URLSearchParams(query));
    expect(pretty("curl/8", "")).toBe(true);
    expect(pretty("curl/8", "pretty=false")).toBe(false);
    expect(pretty("kubectl/v1.36", "")).toBe(false);
    expect(pretty("kubectl/v1.36", "pretty=true")).toBe(true);
  });
});

describe("continue tokens", () => {
  test("read back what was written", () => {
    const token = { revision: 17, after: "ns/name" };
    expect(decodeContinue(encodeContinue(token))).toEqual(token);
  });
  const token = (json: string) => Buffer.from(json).toString("base64url");
  test.each([
    ["no base64", "%%", /illegal base64 data at input byte 0/],
    ["no revision", token('{"v":"meta.k8s.io/v1","start":"a"}'), /incorrect encoded start resourceVersion/],
    ["no key", token('{"v":"meta.k8s.io/v1","rv":1}'), /encoded start key empty/],
    ["another version", token('{"v":"v0","rv":1,"start":"a"}'), /does not recognize this encoded version v0/],
  ])("400: %s", (_, text, want) => {
    expect(refusal(() => decodeContinue(text))).toMatchObject({ code: 400, message: expect.stringMatching(want) });
  });
});

describe("options", () => {
  const query = (text: string) => new URLSearchParams(text);
  test("of a write", () => {
    const options = writeOptions(query("dryRun=All&fieldManager=me&fieldValidation=Strict"), "CreateOptions");
    expect(options).toMatchObject({ dryRun: true, fieldManager: "me", fieldValidation: "Strict" });
  });
  test.each(["dryRun=Some", "fieldValidation=Maybe", `fieldManager=${"m".repeat(129)}`])("422: %s", (text) => {
    expect(refusal(() => writeOptions(query(text), "PatchOptions"))).toMatchObject({
      code: 422,
      details: { kind: "PatchOptions" },
    });
  });
  test("of a delete", () => {
    expect(deleteOptionsOfQuery(query("gracePeriodSeconds=3&orphanDependents=2"))).toEqual({
      gracePeriodSeconds: 3,
      orphanDependents: true,
    });
  });
  test.each([
    ["a match without a revision", "resourceVersionMatch=Exact", false],
    ["initial events of a list", "sendInitialEvents=true", false],
    ["initial events without a match", "sendInitialEvents=true", true],
  ])("422: %s", (_, text, watch) => {
    expect(refusal(() => listOptions(query(text), watch)).code).toBe(422);
  });
});

describe("selectors", () => {
  const pods = findResource("", "v1", "pods");
  if (!pods) throw new Error("pods are not served");
  const matches = (text: string) => parseSelectors(new URLSearchParams(text), pods).matches;
  const object = { labels: { a: "b" }, fields: { "spec.nodeName": "n1" } };
  test.each([
    { name: "none", query: "", want: undefined },
    { name: "labels that match", query: "labelSelector=a%3Db", want: true },
    { name: "labels that don't", query: "labelSelector=a!%3Db", want: false },
    { name: "a field", query: "fieldSelector=spec.nodeName%3Dn1", want: true },
    { name: "the name in the key", query: "fieldSelector=metadata.name%3Dp,metadata.namespace%3Dns", want: true },
    { name: "another name", query: "fieldSelector=metadata.name!%3Dp", want: false },
  ])("$name", ({ query, want }) => {
    expect(matches(query)?.("ns/p", object)).toBe(want);
  });
  test("400: a field that can't be selected", () => {
    expect(refusal(() => matches("fieldSelector=spec.x%3Dy")).code).toBe(400);
  });
});

describe("the store's errors", () => {
  const gr = { group: "", resource: "pods" };
  test.each([
    ["KeyExists", new KeyExists("p"), 409, "AlreadyExists"],
    ["KeyNotFound", new KeyNotFound("p"), 404, "NotFound"],
    ["RevisionConflict", new RevisionConflict("p"), 409, "Conflict"],
    ["ValueTooLarge", new ValueTooLarge("2 MB"), 413, "RequestEntityTooLarge"],
  ])("%s", (_, error, code, reason) => {
    expect((translate(error, gr, "p") as StatusError).status).toMatchObject({ code, reason });
  });
  test("others stay as they are", () => {
    const error = new Error("else");
    expect(translate(error, gr, "p")).toBe(error);
  });
  test("a revision that is not reached", () => {
    expect(tooLargeResourceVersion("9", 3).status).toMatchObject({ code: 504, details: { retryAfterSeconds: 1 } });
  });
});

describe("answers", () => {
  test("a warning is quoted", () => {
    expect(warningHeader('a "b" \\ c\nd')).toBe('299 - "a \\"b\\" \\\\ c d"');
  });
  test("what is no Status tells nothing of its inside", () => {
    const { status, body } = failureResponse(new Error("secret"));
    expect(status).toBe(500);
    expect(body).not.toContain("secret");
  });
  test("YAML has its keys sorted", () => {
    expect(jsonText(200, '{"b":[1],"a":"x"}', { format: "yaml", pretty: false }).body).toBe("a: x\nb:\n- 1\n");
  });
});

test("an owner that is named twice is kept once, with a warning", () => {
  const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "u" };
  const object: AnyObject = { metadata: { ownerReferences: [owner, { ...owner }, { ...owner, uid: "v" }] } };
  const warnings: string[] = [];
  dedupOwnerReferences(object, warnings);
  expect(object.metadata.ownerReferences).toEqual([owner, { ...owner, uid: "v" }]);
  expect(warnings).toEqual([expect.stringMatching(/duplicate UID\(s\) observed: u$/)]);
});
