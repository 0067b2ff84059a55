/**
 * Tokens of service accounts: the signature, the times, and that the account and what the token is bound to are still
 * there (upstream: pkg/serviceaccount/jwt.go and claims.go). What was found good is remembered by the token's hash.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../../apimachinery/clock.ts";
import type { UserInfo } from "../../apimachinery/http.ts";
import type { AnyObject, GroupVersionResource } from "../../apimachinery/meta.ts";
import { nodes, pods, secrets, serviceaccounts } from "../../openapi/types/resources.ts";
import { credentialIdKey } from "./credential-id.ts";
import { serviceAccountGroups, serviceAccountUsername } from "./groups.ts";
import { parseJwt, verifyJwt } from "./jwt.ts";
import { checkedClaims, type Reference, type ServiceAccountClaims } from "./service-account-claims.ts";
import type { Signer } from "./signer.ts";
import { AuthenticationUnavailable, type TokenAuthenticator } from "./token.ts";

/** What the check needs. */
export interface ServiceAccountTokenOptions {
  readonly issuer: string;
  /** The server's own. */
  readonly audiences: readonly string[];
  /** Whose signatures are good. */
  readonly keys: readonly Signer[];
  readonly clock: Clock;
  /** Reads the live object; undefined where there is none. */
  get(resource: GroupVersionResource, namespace: string, name: string): Promise<AnyObject | undefined>;
  /**
   * For how long it is taken for granted that the account and the pod are still there.
   * @default 10 seconds, as upstream
   */
  readonly trustMs?: number;
}

const leewaySeconds = 60;
const maxRemembered = 10_000;
const quoted = (items: readonly string[]) => `[${items.map((item) => JSON.stringify(item)).join(" ")}]`;
const invalidated = () => new Error("service account token has been invalidated");

function checkTimes({ exp, nbf = 0, iat = 0 }: ServiceAccountClaims, now: number): void {
  if (now - leewaySeconds > exp) throw new Error("service account token has expired");
  if (now + leewaySeconds < nbf) throw new Error("service account token is not valid yet");
  if (now + leewaySeconds < iat) throw new Error("service account token is issued in the future");
}

function userOf({ jti, "kubernetes.io": bound }: ServiceAccountClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = bound;
  const extra: Record<string, string[]> = {};
  if (jti !== "") extra[credentialIdKey] = [`JTI=${jti}`];
  if (node?.name) extra["authentication.kubernetes.io/node-name"] = [node.name];
  if (node?.name && node.uid) extra["authentication.kubernetes.io/node-uid"] = [node.uid];
  if (pod?.name && pod.uid) extra["authentication.kubernetes.io/pod-name"] = [pod.name];
  if (pod?.name && pod.uid) extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
  return {
    username: serviceAccountUsername(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

interface Known {
  readonly claims: ServiceAccountClaims;
  readonly user: UserInfo;
  /** Until when what the token is bound to need not be looked at again. */
  trustedUntil: number;
}

/** Authenticates tokens that `issuer` has signed. */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
  }

  async authenticateToken(token: string, wanted: readonly string[]) {
    const { audiences, clock, trustMs = 10_000 } = this.#options;
    const hash = createHash("sha256").update(token).digest("base64");
    const known = this.#known.get(hash) ?? (await this.#verified(token));
    if (!known) return undefined;
    const { claims, user } = known;
    const asked = wanted.length === 0 ? audiences : wanted;
    const good = claims.aud.filter((audience) => asked.includes(audience));
    if (good.length === 0) {
      throw new Error(`token audiences ${quoted(claims.aud)} is invalid for the target audiences ${quoted(asked)}`);
    }
    checkTimes(claims, Math.floor(clock.now() / 1000));
    if (clock.now() >= known.trustedUntil) {
      await this.#checkBound(claims);
      known.trustedUntil = clock.now() + trustMs;
    }
    this.#remember(hash, known);
    return { user, audiences: good };
  }

  /** Undefined: not a token of this issuer. Throws where it pretends to be one. */
  async #verified(token: string): Promise<Known | undefined> {
    const { issuer, keys } = this.#options;
    const parsed = parseJwt(token);
    if (!parsed || parsed.claims.iss !== issuer) return undefined;
    const all = await Promise.all(keys.map((key) => key.verificationKey())).catch(() => {
      throw new AuthenticationUnavailable("the keys of service accounts' tokens cannot be read");
    });
    const candidates = all.filter(({ id }) => parsed.keyId === "" || id === parsed.keyId);
    if (candidates.length === 0) throw new Error("invalid signature, no keys found");
    if (!candidates.some((key) => verifyJwt(parsed, key))) {
      throw new Error("go-jose/go-jose: error in cryptographic primitive");
    }
    const claims = checkedClaims(parsed.claims);
    if (!claims) throw new Error("service account token claims could not be validated");
    return { claims, user: userOf(claims), trustedUntil: 0 };
  }

  async #checkBound({ "kubernetes.io": bound }: ServiceAccountClaims): Promise<void> {
    const { namespace, serviceaccount, pod, secret, node } = bound;
    const account = await this.#options.get(serviceaccounts, namespace, serviceaccount.name);
    if (!account) throw new Error(`serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`);
    if (account.metadata.uid !== serviceaccount.uid) {
      const text = `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`;
      throw new Error(text);
    }
    if (this.#isDeleted(account)) {
      throw new Error(`service account ${namespace}/${serviceaccount.name} has been deleted`);
    }
    if (secret) await this.#checkReference(secrets, "secret", namespace, secret);
    if (pod) await this.#checkReference(pods, "pod", namespace, pod);
    // Of a pod's token the node is only told, not checked.
    if (node && !pod) await this.#checkReference(nodes, "node", "", node);
  }

  async #checkReference(
    resource: GroupVersionResource,
    kind: string,
    namespace: string,
    { name, uid }: Reference,
  ): Promise<void> {
    const object = await this.#options.get(resource, namespace, name);
    if (!object) throw invalidated();
    if (object.metadata.uid !== uid) {
      const found = `${kind} UID (${object.metadata.uid})`;
      throw new Error(`${found} does not match service account ${kind} ref claim (${uid})`);
    }
    if (this.#isDeleted(object)) throw invalidated();
  }

  #isDeleted({ metadata }: AnyObject): boolean {
    if (!metadata.deletionTimestamp) return false;
    return Date.parse(metadata.deletionTimestamp) < this.#options.clock.now() - leewaySeconds * 1000;
  }

  /** The least recently used go first. */
  #remember(hash: string, known: Known): void {
    this.#known.delete(hash);
    this.#known.set(hash, known);
    if (this.#known.size <= maxRemembered) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest);
  }
}
