/** /openapi/v2: one document (Swagger 2.0) of everything. */

import type { DiscoveryGroup } from "../discovery.ts";
import type { V2Document } from "../protobuf/openapi-v2.ts";
import { fullName } from "./names.ts";
import type { Operation, Operations } from "./operations.ts";
import { type Parameter, sharedParameters } from "./parameters.ts";
import { definitionSchema, type JsonSchema, reference, withDependencies } from "./schemas.ts";
import { bearerToken, documentInfo, documentOperations, otherDocuments, versionTag } from "./v3.ts";

const codeTexts: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 202: "Accepted" };
const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** Parameters that old clients look for where they are used, so that they are never shared. */
const neverShared = new Set(["name", "fieldValidation", "dryRun"]);

/** FNV-1 of 64 bits, its first 6 bytes: how shared parameters are told apart (kube-openapi's builder does the same). */
function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, hash * 0x100000001b3n) ^ BigInt(byte);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(hash);
  return bytes.subarray(0, 6).toString("base64url");
}

/** JSON as Go writes it. */
const goJson = (value: unknown) =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The parameters that are written down once and referred to. */
class SharedParameters {
  readonly all: Record<string, JsonSchema> = {};
  readonly #references = new Map<string, JsonSchema>();

  refer(name: string, parameter: JsonSchema): JsonSchema {
    if (neverShared.has(name)) return parameter;
    const text = goJson(parameter);
    let to = this.#references.get(text);
    if (!to) {
      const id = `${name}-${shortHash(text)}`;
      this.all[id] = parameter;
      to = { $ref: `#/parameters/${id}` };
      this.#references.set(text, to);
    }
    return to;
  }
}

function parameter(shared: SharedParameters, { name, in: where, type, required, description }: Parameter): JsonSchema {
  const object = {
    uniqueItems: true,
    type,
    description: description(),
    name,
    in: where,
    ...(required && { required }),
  };
  return shared.refer(name, object);
}

function bodyParameter(shared: SharedParameters, { definition, required }: NonNullable<Operation["body"]>): JsonSchema {
  const object = { name: "body", in: "body", ...(required && { required }), schema: reference("v2", definition) };
  return fullName(definition).startsWith("io.k8s.apimachinery") ? shared.refer("body", object) : object;
}

function operationObject(operation: Operation, tag: string, parameters: readonly JsonSchema[]): JsonSchema {
  const { id, description, body, codes, answer, produces, action, kind } = operation;
  const schema = answer === undefined ? { type: "string" } : reference("v2", answer);
  const responses: JsonSchema = {};
  for (const code of codes) responses[code] = { description: codeTexts[code], schema };
  responses[401] = { description: "Unauthorized" };
  return {
    description,
    ...((action || answer) && { consumes: body?.patch ? patchTypes : action ? ["*/*"] : produces }),
    produces,
    schemes: ["https"],
    tags: [tag],
    operationId: id,
    ...(parameters.length > 0 && { parameters }),
    responses,
    ...(action && { "x-kubernetes-action": action }),
    ...(kind && { "x-kubernetes-group-version-kind": { group: kind.group, kind: kind.kind, version: kind.version } }),
  };
}

/** The document of all groups. It is large: make it once, when it is asked for. */
export function v2Document(groups: readonly DiscoveryGroup[]): V2Document & Readonly<Record<string, unknown>> {
  const shared = new SharedParameters();
  const paths: JsonSchema = {};
  const needed = new Set<string>();
  const add = (operations: Operations, tag: string) => {
    for (const [path, list] of operations) {
      const split = sharedParameters(list);
      const item: JsonSchema = {};
      for (const operation of list) {
        const { answer, body } = operation;
        const own = split.own(operation).map((one) => parameter(shared, one));
        item[operation.method] = operationObject(operation, tag, body ? [bodyParameter(shared, body), ...own] : own);
        if (answer !== undefined) needed.add(answer);
        if (body) needed.add(body.definition);
      }
      if (split.shared.length > 0) item.parameters = split.shared.map((one) => parameter(shared, one));
      paths[path] = item;
    }
  };
  for (const [path, tag, operation] of otherDocuments(groups).values()) add(new Map([[path, [operation]]]), tag);
  for (const { group, versions } of groups) {
    for (const version of versions) add(documentOperations(group, version), versionTag(group, version.version));
  }
  const definitions: Record<string, JsonSchema> = {};
  for (const name of [...withDependencies(needed)].sort()) definitions[fullName(name)] = definitionSchema("v2", name);
  return {
    swagger: "2.0",
    info: documentInfo,
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    definitions,
    parameters: shared.all,
    securityDefinitions: { BearerToken: bearerToken },
    security: [{ BearerToken: [] }],
  };
}
