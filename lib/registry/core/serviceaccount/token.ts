/** Tokens of ServiceAccounts: TokenRequest (upstream: pkg/registry/core/serviceaccount/storage/token.go). */
import { timeText } from "../../../apimachinery/clock.ts";
import {
  newBadRequest,
  newConflict,
  newGenericNotFound,
  newInvalid,
  newNotFound,
} from "../../../apimachinery/errors.ts";
import { type AnyObject, type GroupVersionResource, parseApiVersion } from "../../../apimachinery/meta.ts";
import { invalid, path } from "../../../apimachinery/validation/field.ts";
import type { TokenRequest } from "../../../openapi/types/authentication-v1.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import { nodes, pods, secrets, serviceaccounts } from "../../../openapi/types/resources.ts";
import type { CreateSubresource, StrategyContext, TokenOrder } from "../../strategy.ts";

const kind = { group: "authentication.k8s.io", kind: "TokenRequest" };
const minSeconds = 600;
/** What the kubelet asks for in projected volumes; such a token lives a year for clients that never reload it. */
const projectedSeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;

interface Binding {
  readonly boundTo?: TokenOrder["boundTo"];
  readonly node?: TokenOrder["node"];
}

async function getOrThrow(
  resource: GroupVersionResource,
  namespace: string,
  name: string,
  context: StrategyContext,
): Promise<AnyObject> {
  const object = await context.objects.get(resource, namespace, name);
  if (!object) throw newNotFound(resource, name);
  return object;
}

/** What a token is bound to: it must exist now, and the token ends with it. */
async function bind(
  request: TokenRequest,
  account: { namespace: string; name: string },
  context: StrategyContext,
): Promise<Binding> {
  const ref = request.spec.boundObjectRef;
  if (!ref) return {};
  const gv = parseApiVersion(ref.apiVersion ?? "") ?? { group: "", version: "" };
  const refused = newBadRequest(
    `cannot bind token to object of type ${gv.group}/${gv.version}, Kind=${ref.kind ?? ""}`,
  );
  const resource = gv.group === "" ? { Pod: pods, Node: nodes, Secret: secrets }[ref.kind ?? ""] : undefined;
  if (!resource) throw refused;
  const namespace = resource === nodes ? "" : account.namespace;
  const object = await getOrThrow(resource, namespace, ref.name ?? "", context);
  let node: TokenOrder["node"];
  if (resource === pods) {
    const { spec } = object as unknown as Pod;
    if (spec?.serviceAccountName !== account.name) {
      const name = JSON.stringify(account.name);
      const text = `cannot bind token for serviceaccount ${name} to pod running with different serviceaccount name.`;
      throw newBadRequest(text);
    }
    if (spec.nodeName) {
      const found = await context.objects.get(nodes, "", spec.nodeName);
      node = { name: spec.nodeName, uid: found?.metadata.uid };
    }
  }
  const uid = object.metadata.uid ?? "";
  if (ref.uid && ref.uid !== uid) {
    const text = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw newConflict(resource, ref.name ?? "", text);
  }
  return { boundTo: { kind: ref.kind ?? "", name: ref.name ?? "", uid }, node };
}

/** The request's metadata becomes the account's; what it says of them must agree. */
function adoptAccount(request: TokenRequest, account: { namespace: string; name: string; uid: string }): void {
  request.metadata ??= {} as TokenRequest["metadata"];
  const metadata = request.metadata;
  for (const field of ["name", "namespace"] as const) {
    if (!metadata[field] || metadata[field] === account[field]) continue;
    const text = `must match the service account ${field} if specified`;
    throw newInvalid(kind, account.name, [invalid(path("metadata", field), metadata[field], text)]);
  }
  if (metadata.uid && metadata.uid !== account.uid) {
    const text = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${account.uid})`;
    throw newConflict({ group: kind.group, resource: kind.kind }, account.name, text);
  }
  Object.assign(metadata, account);
}

function validate({ spec }: TokenRequest): void {
  const seconds = spec.expirationSeconds ?? 0;
  const field = path("spec", "expirationSeconds");
  if (seconds < minSeconds) {
    throw newInvalid(kind, "", [invalid(field, seconds, "may not specify a duration less than 10 minutes")]);
  }
  if (seconds > 2 ** 32) {
    throw newInvalid(kind, "", [invalid(field, seconds, "may not specify a duration larger than 2^32 seconds")]);
  }
}

/** serviceaccounts/token */
export const tokenSubresource: CreateSubresource = {
  definition: "authentication.v1.TokenRequest",
  async create({ namespace, name }, body, context) {
    const { tokens } = context;
    if (!tokens) throw newGenericNotFound();
    const request = body as unknown as TokenRequest;
    const stored = await getOrThrow(serviceaccounts, namespace, name, context);
    const account = { namespace, name, uid: stored.metadata.uid ?? "" };
    adoptAccount(request, account);
    const { spec } = request;
    if (!spec.audiences?.length) spec.audiences = [...tokens.audiences];
    spec.expirationSeconds ??= 3600;
    validate(request);
    const issuedAt = context.clock.now();
    request.metadata.creationTimestamp = timeText(issuedAt);
    const binding = await bind(request, account, context);
    const projected =
      binding.boundTo?.kind === "Pod" &&
      spec.expirationSeconds === projectedSeconds &&
      spec.audiences.every((audience) => tokens.audiences.includes(audience));
    const token = await tokens.sign({
      serviceAccount: account,
      audiences: spec.audiences,
      issuedAt,
      expirationSeconds: projected ? extendedSeconds : spec.expirationSeconds,
      ...(projected ? { warnAfterSeconds: projectedSeconds } : {}),
      ...binding,
    });
    const expirationTimestamp = timeText(issuedAt + spec.expirationSeconds * 1000);
    return { ...body, spec: { boundObjectRef: null, ...spec }, status: { token, expirationTimestamp } };
  },
};
