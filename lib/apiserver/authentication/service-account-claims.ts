/** What service accounts' tokens say (upstream: pkg/serviceaccount/claims.go). Times are seconds since the epoch. */
import type { TokenOrder } from "../../registry/strategy.ts";
import { serviceAccountUsername } from "./groups.ts";

/** An object by name and uid. */
export interface Reference {
  readonly name: string;
  readonly uid?: string;
}

/** The claims. */
export interface ServiceAccountClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly nbf: number;
  readonly jti: string;
  readonly "kubernetes.io": {
    readonly namespace: string;
    readonly serviceaccount: Reference;
    readonly pod?: Reference;
    readonly secret?: Reference;
    readonly node?: Reference;
    readonly warnafter?: number;
  };
}

/** The claims of a token that is ordered. */
export function claimsOf(order: TokenOrder, issuer: string, jti: string): ServiceAccountClaims {
  const { serviceAccount, audiences, issuedAt, expirationSeconds, warnAfterSeconds, boundTo, node } = order;
  const now = Math.floor(issuedAt / 1000);
  const bound = boundTo && { [boundTo.kind.toLowerCase()]: { name: boundTo.name, uid: boundTo.uid } };
  return {
    aud: audiences,
    exp: now + expirationSeconds,
    iat: now,
    iss: issuer,
    jti,
    "kubernetes.io": {
      namespace: serviceAccount.namespace,
      ...(node ? { node } : {}),
      ...bound,
      serviceaccount: { name: serviceAccount.name, uid: serviceAccount.uid },
      ...(warnAfterSeconds === undefined ? {} : { warnafter: now + warnAfterSeconds }),
    },
    nbf: now,
    sub: serviceAccountUsername(serviceAccount.namespace, serviceAccount.name),
  };
}

const isReference = (value: unknown): value is Reference =>
  typeof value === "object" && value !== null && typeof (value as Reference).name === "string";
const isTime = (value: unknown) => value === undefined || (typeof value === "number" && Number.isFinite(value));

/** The claims of a token whose signature is good; undefined where they are not a service account's. */
export function checkedClaims(claims: Readonly<Record<string, unknown>>): ServiceAccountClaims | undefined {
  const { iss, sub, aud = [], exp, iat, nbf, jti = "", "kubernetes.io": bound } = claims;
  if (typeof iss !== "string" || typeof sub !== "string" || typeof jti !== "string") return undefined;
  if (![exp, iat, nbf].every(isTime) || typeof exp !== "number") return undefined;
  const audiences = typeof aud === "string" ? [aud] : aud;
  if (!Array.isArray(audiences) || !audiences.every((one) => typeof one === "string")) return undefined;
  if (typeof bound !== "object" || bound === null) return undefined;
  const { namespace, serviceaccount, pod, secret, node, warnafter } = bound as Record<string, unknown>;
  if (typeof namespace !== "string" || !isReference(serviceaccount) || !isTime(warnafter)) return undefined;
  if (![pod, secret, node].every((one) => one === undefined || isReference(one))) return undefined;
  return { ...(claims as unknown as ServiceAccountClaims), aud: audiences, jti };
}
