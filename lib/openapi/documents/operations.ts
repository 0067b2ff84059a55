/**
 * The operations of a group and version, apart from how a document writes them down: derived from discovery by
 * the rules
 * by which upstream installs them (apiserver/pkg/endpoints/installer.go).
 */
import type { GroupVersionKind } from "../../apimachinery/meta.ts";
import type { DiscoveryVersion } from "../discovery.ts";
import { type DiscoveryResource, kindOf } from "../resources.ts";
import { definitionOf } from "../schema.ts";
import { groupTitle, title } from "./names.ts";
import {
  connectParameters,
  deleteParameters,
  listParameters,
  logParameters,
  nameParameter,
  namespaceParameter,
  type Parameter,
  patchParameters,
  prettyParameter,
  proxyPathParameter,
  writeParameters,
} from "./parameters.ts";

/** One operation on a path. */
export interface Operation {
  readonly method: "get" | "put" | "post" | "delete" | "options" | "head" | "patch";
  readonly id: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  /** What is sent. */
  readonly body?: { readonly definition: string; readonly required: boolean; readonly patch?: boolean };
  /** Status codes beside 401, and the definition of what is answered; absent: text. */
  readonly codes: readonly number[];
  readonly answer?: string;
  readonly produces: readonly string[];
  readonly action?: string;
  readonly kind?: GroupVersionKind;
}

/** The operations of each path. */
export type Operations = Map<string, Operation[]>;

/** The forms in which objects are answered. */
export const objectTypes: readonly string[] = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
];
const streamTypes = [
  ...objectTypes,
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
];
const connectMethods = ["get", "put", "post", "delete", "options", "head", "patch"] as const;

/** Kinds whose DELETE answers with the object rather than with a Status. */
const deletedIsReturned = new Set([
  "CSIDriver",
  "CSINode",
  "DeviceClass",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Pod",
  "PodTemplate",
  "ResourceClaim",
  "ResourceClaimTemplate",
  "ResourceQuota",
  "ResourceSlice",
  "Service",
  "ServiceAccount",
  "StorageClass",
  "VolumeAttachment",
  "VolumeAttributesClass",
]);

const connects = new Set(["attach", "exec", "portforward", "proxy"]);

/** `a Pod`, `an Ingress`, `Endpoints`. */
function withArticle(noun: string): string {
  if (noun.endsWith("s") && !noun.endsWith("ss") && !noun.endsWith("us")) return noun;
  return `${/^[AEIOU]/.test(noun) ? "an" : "a"} ${noun}`;
}

const schemaOf = (kind: GroupVersionKind) => definitionOf(kind) ?? "RawExtension";

/** What the operations of one resource have in common. */
interface Place {
  readonly facts: DiscoveryResource;
  readonly kind: GroupVersionKind;
  /** Of the group and version, with a slash: `/apis/apps/v1/`. */
  readonly root: string;
  /** The same with the namespace, where there is one. */
  readonly base: string;
  /** `CoreV1`, and the scope: `Namespaced`. */
  readonly prefix: string;
  readonly scope: string;
  readonly parameters: readonly Parameter[];
}

/** The operations on all resources of a version. */
export function versionOperations(group: string, { version, resources }: DiscoveryVersion): Operations {
  const paths: Operations = new Map();
  const root = group === "" ? `/api/${version}/` : `/apis/${group}/${version}/`;
  for (const facts of resources) {
    const namespaced = facts.scope === "Namespaced";
    const place: Place = {
      facts,
      kind: kindOf(facts.kind, { group, version }),
      root,
      base: namespaced ? `${root}namespaces/{namespace}/` : root,
      prefix: `${groupTitle(group)}${title(version)}`,
      scope: namespaced ? "Namespaced" : "",
      parameters: namespaced ? [namespaceParameter, prettyParameter] : [prettyParameter],
    };
    const add = (path: string, operation: Operation) => {
      const there = paths.get(path);
      if (there) there.push(operation);
      else paths.set(path, [operation]);
    };
    collectionOperations(place, add);
    itemOperations(place, add);
    for (const [name, sub] of Object.entries(facts.sub ?? {})) {
      subresourceOperations(place, name, kindOf(sub.kind, { group, version }), sub.verbs, add);
    }
  }
  return paths;
}

type Add = (path: string, operation: Operation) => void;

function collectionOperations({ facts, kind, root, base, prefix, scope, parameters }: Place, add: Add): void {
  const { verbs, resource } = facts;
  const schema = schemaOf(kind);
  const name = `${prefix}${scope}${kind.kind}`;
  const watches = verbs.includes("watch");
  const list = (path: string, id: string, own: readonly Parameter[]) =>
    add(path, {
      method: "get",
      id,
      description: `list${watches ? " or watch" : ""} objects of kind ${kind.kind}`,
      parameters: [...own, ...listParameters],
      codes: [200],
      answer: `${schema}List`,
      produces: streamTypes,
      action: "list",
      kind,
    });
  const watch = (path: string, id: string, own: readonly Parameter[]) =>
    add(path, {
      ...watchOperation(id, own, kind, "watchlist"),
      description: `watch individual changes to a list of ${kind.kind}. ${deprecated}.`,
    });
  if (verbs.includes("list")) list(`${base}${resource}`, `list${name}`, parameters);
  if (verbs.includes("create")) add(`${base}${resource}`, createOperation(`create${name}`, parameters, kind));
  if (verbs.includes("deletecollection")) {
    add(`${base}${resource}`, {
      method: "delete",
      id: `delete${prefix}Collection${scope}${kind.kind}`,
      description: `delete collection of ${kind.kind}`,
      parameters: [
        ...parameters,
        ...deleteParameters,
        ...listParameters.filter((one) => one.name !== "watch" && one.name !== "allowWatchBookmarks"),
      ],
      body: { definition: "meta.v1.DeleteOptions", required: false },
      codes: [200],
      answer: "meta.v1.Status",
      produces: objectTypes,
      action: "deletecollection",
      kind,
    });
  }
  if (watches) watch(`${base.replace(root, `${root}watch/`)}${resource}`, `watch${name}List`, parameters);
  if (scope === "") return;
  const everywhere = `${prefix}${kind.kind}`;
  if (verbs.includes("list")) list(`${root}${resource}`, `list${everywhere}ForAllNamespaces`, [prettyParameter]);
  if (watches) watch(`${root}watch/${resource}`, `watch${everywhere}ListForAllNamespaces`, [prettyParameter]);
}

const deprecated = "deprecated: use the 'watch' parameter with a list operation instead";

function watchOperation(id: string, own: readonly Parameter[], kind: GroupVersionKind, action: string): Operation {
  return {
    method: "get",
    id,
    description: "",
    parameters: [...own, ...listParameters],
    codes: [200],
    answer: "meta.v1.WatchEvent",
    produces: streamTypes,
    action,
    kind,
  };
}

function createOperation(id: string, own: readonly Parameter[], kind: GroupVersionKind): Operation {
  return {
    method: "post",
    id,
    description: `create ${withArticle(kind.kind)}`,
    parameters: [...own, ...writeParameters],
    body: { definition: schemaOf(kind), required: true },
    codes: [200, 201, 202],
    answer: schemaOf(kind),
    produces: objectTypes,
    action: "post",
    kind,
  };
}

/** get, update and patch of an object or of a subresource (`what`: `status of `). */
function objectOperations(
  path: string,
  id: string,
  verbs: readonly string[],
  own: readonly Parameter[],
  kind: GroupVersionKind,
  noun: string,
  add: Add,
): void {
  const schema = schemaOf(kind);
  const common = { answer: schema, produces: objectTypes, kind };
  if (verbs.includes("get")) {
    add(path, {
      ...common,
      method: "get",
      id: `read${id}`,
      description: `read ${noun}`,
      parameters: own,
      codes: [200],
      action: "get",
    });
  }
  if (verbs.includes("update")) {
    add(path, {
      ...common,
      method: "put",
      id: `replace${id}`,
      description: `replace ${noun}`,
      parameters: [...own, ...writeParameters],
      body: { definition: schema, required: true },
      codes: [200, 201],
      action: "put",
    });
  }
  if (verbs.includes("patch")) {
    add(path, {
      ...common,
      method: "patch",
      id: `patch${id}`,
      description: `partially update ${noun}`,
      parameters: [...own, ...patchParameters],
      body: { definition: "meta.v1.Patch", required: true, patch: true },
      codes: [200, 201],
      action: "patch",
    });
  }
}

function itemOperations({ facts, kind, root, base, prefix, scope, parameters }: Place, add: Add): void {
  const { verbs, resource } = facts;
  const path = `${base}${resource}/{name}`;
  const id = `${prefix}${scope}${kind.kind}`;
  const own = [nameParameter(kind.kind), ...parameters];
  objectOperations(path, id, verbs, own, kind, `the specified ${kind.kind}`, add);
  if (verbs.includes("delete")) {
    add(path, {
      method: "delete",
      id: `delete${id}`,
      description: `delete ${withArticle(kind.kind)}`,
      parameters: [...own, ...deleteParameters],
      body: { definition: "meta.v1.DeleteOptions", required: false },
      codes: [200, 202],
      answer: deletedIsReturned.has(kind.kind) ? schemaOf(kind) : "meta.v1.Status",
      produces: objectTypes,
      action: "delete",
      kind,
    });
  }
  if (verbs.includes("watch")) {
    const watchPath = path.replace(root, `${root}watch/`);
    const field = "filtered to a single item with the 'fieldSelector' parameter";
    add(watchPath, {
      ...watchOperation(`watch${id}`, own, kind, "watch"),
      description: `watch changes to an object of kind ${kind.kind}. ${deprecated}, ${field}.`,
    });
  }
}

function subresourceOperations(
  place: Place,
  name: string,
  kind: GroupVersionKind,
  verbs: readonly string[],
  add: Add,
): void {
  const { facts, base, prefix, scope, parameters } = place;
  const path = `${base}${facts.resource}/{name}/${name}`;
  const id = `${prefix}${scope}${place.kind.kind}${title(name)}`;
  if (connects.has(name)) {
    connectOperations(place, name, kind, verbs, path, add);
    return;
  }
  const own = [nameParameter(kind.kind), ...parameters];
  if (name === "log") {
    add(path, {
      method: "get",
      id: `read${id}`,
      description: `read log of the specified ${kind.kind}`,
      parameters: [...own, ...logParameters],
      codes: [200],
      produces: ["text/plain", ...objectTypes],
      action: "get",
      kind,
    });
    return;
  }
  objectOperations(path, id, verbs, own, kind, `${name} of the specified ${place.kind.kind}`, add);
  if (verbs.includes("create")) {
    const description = `create ${name} of ${withArticle(place.kind.kind)}`;
    add(path, { ...createOperation(`create${id}`, own, kind), description });
  }
}

function connectOperations(
  { facts, kind: parent, prefix, scope, parameters }: Place,
  name: string,
  kind: GroupVersionKind,
  verbs: readonly string[],
  path: string,
  add: Add,
): void {
  const noun = `${facts.resource === "nodes" ? "Node" : parent.kind}${title(name)}`;
  const own = [nameParameter(kind.kind), ...parameters.filter((one) => one !== prettyParameter)];
  const methods = verbs.length > 2 ? connectMethods : (["get", "post"] as const);
  const connect = (at: string, suffix: string, more: readonly Parameter[]) => {
    for (const method of methods) {
      add(at, {
        method,
        id: `connect${prefix}${title(method)}${scope}${noun}${suffix}`,
        description: `connect ${method.toUpperCase()} requests to ${name} of ${parent.kind}`,
        parameters: [...own, ...more, ...connectParameters(kind.kind)],
        codes: [200],
        produces: ["*/*"],
        action: "connect",
        kind,
      });
    }
  };
  connect(path, "", []);
  if (name === "proxy") connect(`${path}/{path}`, "WithPath", [proxyPathParameter]);
}
