/** /openapi/v3: an index, and a document for each group and version. */
import { createHash } from "node:crypto";
import type { DiscoveryGroup } from "../discovery.ts";
import { factsFiles, factsText } from "../schema.ts";
import { groupTitle, untitle } from "./names.ts";
import { type Operation, type Operations, objectTypes, versionOperations } from "./operations.ts";
import { type Parameter, sharedParameters } from "./parameters.ts";
import { definitionSchema, type JsonSchema, reference, withDependencies } from "./schemas.ts";

/** The release that documents name. */
export const documentInfo = { title: "Kubernetes", version: "1.36" } as const;

/** The one way to authenticate that documents name. */
export const bearerToken = {
  type: "apiKey",
  description: "Bearer Token authentication",
  name: "authorization",
  in: "header",
} as const;

function information(id: string, description: string, answer: string | undefined, produces = objectTypes): Operation {
  return { method: "get", id, description, parameters: [], codes: [200], answer, produces };
}

/** The paths beside the groups' versions, by the name of their document. */
export function otherDocuments(groups: readonly DiscoveryGroup[]): Map<string, [path: string, tag: string, Operation]> {
  const found = new Map<string, [string, string, Operation]>();
  const versions = "get available API versions";
  found.set(".well-known/openid-configuration", [
    "/.well-known/openid-configuration/",
    "WellKnown",
    information(
      "getServiceAccountIssuerOpenIDConfiguration",
      "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
      undefined,
      ["application/json"],
    ),
  ]);
  found.set("api", ["/api/", "core", information("getCoreAPIVersions", versions, "meta.v1.APIVersions")]);
  found.set("apis", ["/apis/", "apis", information("getAPIVersions", versions, "meta.v1.APIGroupList")]);
  for (const { group } of groups) {
    if (group === "") continue;
    const id = `get${groupTitle(group)}APIGroup`;
    const operation = information(id, "get information of a group", "meta.v1.APIGroup");
    found.set(`apis/${group}`, [`/apis/${group}/`, untitle(groupTitle(group)), operation]);
  }
  found.set("openid/v1/jwks", [
    "/openid/v1/jwks/",
    "openid",
    information(
      "getServiceAccountIssuerOpenIDKeyset",
      "get service account issuer OpenID JSON Web Key Set (contains public token verification keys)",
      undefined,
      ["application/jwk-set+json"],
    ),
  ]);
  const version = "get the version information for this server";
  found.set("version", [
    "/version/",
    "version",
    information("getCodeVersion", version, "version.Info", ["application/json"]),
  ]);
  return found;
}

/** The operations of a version's document: those of its resources and the list of these. */
export function documentOperations(group: string, version: DiscoveryGroup["versions"][number]): Operations {
  const root = group === "" ? `/api/${version.version}/` : `/apis/${group}/${version.version}/`;
  const title = `${groupTitle(group)}${version.version.slice(0, 1).toUpperCase()}${version.version.slice(1)}`;
  const resources = information(`get${title}APIResources`, "get available resources", "meta.v1.APIResourceList");
  return new Map([[root, [resources]], ...versionOperations(group, version)]);
}

/** The tag of a version's operations: `rbacAuthorization_v1`. */
export function versionTag(group: string, version: string): string {
  return `${untitle(groupTitle(group))}_${version}`;
}

function parameter({ name, in: where, type, required, description }: Parameter): JsonSchema {
  const schema = { type, uniqueItems: true };
  return { name, in: where, description: description(), ...(required && { required }), schema };
}

const patchTypes = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];
const codeTexts: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 202: "Accepted" };

function content(types: readonly string[], schema: JsonSchema): JsonSchema {
  return Object.fromEntries([...types].sort().map((type) => [type, { schema }]));
}

function operationObject(operation: Operation, tag: string, parameters: readonly Parameter[]): JsonSchema {
  const { id, description, body, codes, answer, produces, action, kind } = operation;
  const schema = answer === undefined ? { type: "string" } : reference("v3", answer);
  const responses: JsonSchema = {};
  for (const code of codes) responses[code] = { description: codeTexts[code], content: content(produces, schema) };
  responses[401] = { description: "Unauthorized" };
  return {
    tags: [tag],
    description,
    operationId: id,
    ...(parameters.length > 0 && { parameters: parameters.map(parameter) }),
    ...(body && {
      requestBody: {
        content: content(body.patch ? patchTypes : ["*/*"], reference("v3", body.definition)),
        ...(body.required && { required: true }),
      },
    }),
    responses,
    ...(action && { "x-kubernetes-action": action }),
    ...(kind && { "x-kubernetes-group-version-kind": { group: kind.group, version: kind.version, kind: kind.kind } }),
  };
}

function document(operations: Operations, tag: string, groupVersion?: { group: string; version: string }): object {
  const paths: JsonSchema = {};
  const needed = new Set<string>();
  for (const [path, list] of operations) {
    const { shared, own } = sharedParameters(list);
    const entries = list.map((operation) => [operation.method, operationObject(operation, tag, own(operation))]);
    paths[path] = { ...Object.fromEntries(entries), ...(shared.length > 0 && { parameters: shared.map(parameter) }) };
    for (const { answer, body } of list) {
      if (answer !== undefined) needed.add(answer);
      if (body) needed.add(body.definition);
    }
  }
  const names = withDependencies(needed);
  const schemas: Record<string, JsonSchema> = {};
  for (const name of names) {
    const { $ref } = reference("v3", name) as { $ref: string };
    schemas[$ref.slice($ref.lastIndexOf("/") + 1)] = definitionSchema("v3", name, groupVersion);
  }
  const components = { ...(names.size > 0 && { schemas }), securitySchemes: { BearerToken: bearerToken } };
  return { openapi: "3.0.0", info: documentInfo, paths, components };
}

/** The names of all documents: `api`, `api/v1`, `apis/apps/v1`, ... */
export function documentNames(groups: readonly DiscoveryGroup[]): string[] {
  const versions = groups.flatMap(({ group, versions }) =>
    versions.map(({ version }) => (group === "" ? `api/${version}` : `apis/${group}/${version}`)),
  );
  return [...otherDocuments(groups).keys(), ...versions].sort();
}

/** A document of /openapi/v3 by its name, or undefined. */
export function v3Document(groups: readonly DiscoveryGroup[], name: string): object | undefined {
  const other = otherDocuments(groups).get(name);
  if (other) return document(new Map([[other[0], [other[2]]]]), other[1]);
  const [, group = "", version] = /^(?:api|apis\/([^/]+))\/([^/]+)$/.exec(name) ?? [];
  if (version === undefined || (group === "" && !name.startsWith("api/"))) return undefined;
  const found = groups.find((one) => one.group === group)?.versions.find((one) => one.version === version);
  if (!found) return undefined;
  return document(documentOperations(group, found), versionTag(group, version), { group, version });
}

let factsHash: string | undefined;

/**
 * The hash of a document, in the index and as its ETag. It is made from what the document is made from, so that the
 * index does not have to make them all.
 */
export function documentHash(groups: readonly DiscoveryGroup[], name: string): string {
  factsHash ??= factsFiles()
    .reduce((hash, file) => hash.update(factsText(file)), createHash("sha512"))
    .digest("hex");
  const group = /^apis\/([^/]+)/.exec(name)?.[1] ?? "";
  const served = groups.find((one) => one.group === group);
  const made = JSON.stringify([name, documentInfo, factsHash, served]);
  return createHash("sha512").update(made).digest("hex").toUpperCase();
}

/** The index of /openapi/v3. */
export function v3Index(groups: readonly DiscoveryGroup[]): object {
  const paths = documentNames(groups).map((name) => {
    return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${documentHash(groups, name)}` }];
  });
  return { paths: Object.fromEntries(paths) };
}
