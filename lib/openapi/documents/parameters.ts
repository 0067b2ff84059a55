/** The parameters of operations. */
import { parameterDescription } from "./descriptions.ts";

/** A parameter in a path or a query. Its description is looked up when it is first asked for. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly type: "boolean" | "integer" | "string";
  readonly required?: boolean;
  readonly description: () => string | undefined;
}

type Type = Parameter["type"];

/** Query parameters that a method of the core API's client describes. */
function queryOf(method: string, types: Readonly<Record<string, Type>>): Parameter[] {
  return Object.entries(types).map(([name, type]) => ({
    name,
    in: "query",
    type,
    description: () => parameterDescription(method, name),
  }));
}

/** Of every operation but connections. */
export const [prettyParameter]: readonly Parameter[] = queryOf("readNamespacedPod", { pretty: "string" });

/** The namespace in the path. */
export const namespaceParameter: Parameter = {
  name: "namespace",
  in: "path",
  type: "string",
  required: true,
  description: () => parameterDescription("readNamespacedPod", "namespace"),
};

/** The object's name in the path. */
export function nameParameter(kind: string): Parameter {
  return { name: "name", in: "path", type: "string", required: true, description: () => `name of the ${kind}` };
}

/** The rest of a proxied path. */
export const proxyPathParameter: Parameter = {
  name: "path",
  in: "path",
  type: "string",
  required: true,
  description: () => parameterDescription("connectGetNamespacedPodProxyWithPath", "path"),
};

/** Of lists and watches. */
export const listParameters: readonly Parameter[] = queryOf("listNamespacedPod", {
  allowWatchBookmarks: "boolean",
  continue: "string",
  fieldSelector: "string",
  labelSelector: "string",
  limit: "integer",
  resourceVersion: "string",
  resourceVersionMatch: "string",
  sendInitialEvents: "boolean",
  shardSelector: "string",
  timeoutSeconds: "integer",
  watch: "boolean",
});

/** Of creates and replacements. */
export const writeParameters: readonly Parameter[] = queryOf("createNamespacedPod", {
  dryRun: "string",
  fieldManager: "string",
  fieldValidation: "string",
});

/** Of patches: the manager is described otherwise there. */
export const patchParameters: readonly Parameter[] = queryOf("patchNamespacedPod", {
  dryRun: "string",
  fieldManager: "string",
  fieldValidation: "string",
  force: "boolean",
});

/** Of deletions. */
export const deleteParameters: readonly Parameter[] = queryOf("deleteNamespacedPod", {
  dryRun: "string",
  gracePeriodSeconds: "integer",
  ignoreStoreReadErrorWithClusterBreakingPotential: "boolean",
  orphanDependents: "boolean",
  propagationPolicy: "string",
});

/** Of a Pod's log. */
export const logParameters: readonly Parameter[] = queryOf("readNamespacedPodLog", {
  container: "string",
  follow: "boolean",
  insecureSkipTLSVerifyBackend: "boolean",
  limitBytes: "integer",
  previous: "boolean",
  sinceSeconds: "integer",
  stream: "string",
  tailLines: "integer",
  timestamps: "boolean",
});

const streams = {
  container: "string",
  stderr: "boolean",
  stdin: "boolean",
  stdout: "boolean",
  tty: "boolean",
} as const;

const connections: Readonly<Record<string, readonly Parameter[]>> = {
  PodAttachOptions: queryOf("connectGetNamespacedPodAttach", streams),
  PodExecOptions: queryOf("connectGetNamespacedPodExec", { command: "string", ...streams }),
  PodPortForwardOptions: queryOf("connectGetNamespacedPodPortforward", { ports: "integer" }),
  PodProxyOptions: queryOf("connectGetNamespacedPodProxy", { path: "string" }),
  ServiceProxyOptions: queryOf("connectGetNamespacedServiceProxy", { path: "string" }),
  NodeProxyOptions: queryOf("connectGetNodeProxy", { path: "string" }),
};

/** The options of a connection, by their kind. */
export function connectParameters(kind: string): readonly Parameter[] {
  return connections[kind] ?? [];
}

const order = (one: Parameter) => `${one.name} ${one.in}`;

/** Splits what all operations of a path share from what is an operation's own; both sorted by name. */
export function sharedParameters(operations: readonly { readonly parameters: readonly Parameter[] }[]): {
  readonly shared: readonly Parameter[];
  own(operation: { readonly parameters: readonly Parameter[] }): readonly Parameter[];
} {
  const same = (a: Parameter, b: Parameter) => order(a) === order(b) && a.description() === b.description();
  const sorted = (list: readonly Parameter[]) => [...list].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const [first, ...rest] = operations;
  const shared = first.parameters.filter((one) =>
    rest.every(({ parameters }) => parameters.some((other) => same(one, other))),
  );
  const own = ({ parameters }: { readonly parameters: readonly Parameter[] }) =>
    sorted(parameters.filter((one) => !shared.some((other) => same(one, other))));
  return { shared: sorted(shared), own };
}
