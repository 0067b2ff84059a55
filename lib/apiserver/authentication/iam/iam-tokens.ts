/** Bearer tokens of IAM's principals, of `aws eks get-token` (upstream: aws-iam-authenticator's pkg/server). */
import { createHash } from "node:crypto";
import type { Clock } from "../../../apimachinery/clock.ts";
import type { UserInfo } from "../../../apimachinery/http.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { AccessEntrySpec } from "../../../registry/access/accessentry.ts";
import { principalArn, principalKey } from "../../../registry/access/arn.ts";
import { defaultUsername, renderTemplate } from "../../../registry/access/username.ts";
import type { Store } from "../../../storage/interface.ts";
import { defaultIssuer } from "../../identity.ts";
import { nodesGroup, systemPrivilegedGroup } from "../groups.ts";
import { AuthenticationUnavailable, type TokenAuthenticator } from "../token.ts";
import { AccessEntryIndex } from "./access-entries.ts";
import { type CallerIdentity, callerIdentity } from "./caller-identity.ts";
import { presignedUrlOf } from "./presigned-url.ts";
import { isStsHost } from "./sts-hosts.ts";

/** What the authenticator needs. */
export interface IamTokenOptions {
  readonly store: Store;
  /** The cluster whose access entries count. */
  readonly cluster: string;
  /** What callers must have signed as x-k8s-aws-id: see clusterIdOf. */
  readonly clusterId: string;
  /** Where the server runs: its partition's STS is asked, no other's. */
  readonly region: string;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  /** Principals that are admins as long as no access entry says otherwise; a session's ARN stands for its role. */
  readonly adminArns: readonly string[];
  /** Roles whose sessions are nodes, whatever access entries say. */
  readonly nodeRoleArns: readonly string[];
  /** @default the server's default audience */
  readonly audiences?: readonly string[];
  /** The one STS to ask, `http://127.0.0.1:4566`: for emulators. */
  readonly stsEndpoint?: string;
  /** How long a change of an access entry may take to be noticed. @default 10 seconds */
  readonly rememberMs?: number;
  /** Of how many tokens it is remembered whose they are. @default 1,000 */
  readonly maxTokens?: number;
}

/** Makes the authenticator. Throws where an ARN of the options is none. */
export function iamTokens(options: IamTokenOptions): TokenAuthenticator {
  return new IamTokens(options);
}

class IamTokens implements TokenAuthenticator {
  readonly #options: IamTokenOptions;
  readonly #audiences: readonly string[];
  readonly #isAllowedOrigin: (origin: string) => boolean;
  /** By principal. */
  readonly #builtin: ReadonlyMap<string, AccessEntrySpec>;
  readonly #nodeRoles: ReadonlySet<string>;
  readonly #entries: AccessEntryIndex;
  /** By the token's hash; a token's own time says how long it is good. */
  readonly #known = new Map<string, Promise<CallerIdentity>>();

  constructor(options: IamTokenOptions) {
    const { store, cluster, clock, region, stsEndpoint, rememberMs = 10_000 } = options;
    this.#options = options;
    this.#audiences = options.audiences ?? [defaultIssuer];
    const onlyOrigin = stsEndpoint === undefined ? undefined : new URL(stsEndpoint).origin;
    this.#isAllowedOrigin =
      onlyOrigin === undefined
        ? (origin) => origin.startsWith("https://") && isStsHost(origin.slice("https://".length), region)
        : (origin) => origin === onlyOrigin;
    const keyOf = (arn: string) => principalKey(principalArn(arn));
    this.#builtin = new Map(
      options.adminArns.map((arn) => [keyOf(arn), { principalArn: arn, groups: [systemPrivilegedGroup] }]),
    );
    this.#nodeRoles = new Set(options.nodeRoleArns.map(keyOf));
    this.#entries = new AccessEntryIndex({ store, cluster, clock, rememberMs });
  }

  async authenticateToken(token: string, wanted: readonly string[]) {
    const presigned = presignedUrlOf(token, this.#isAllowedOrigin, this.#options.clock.now());
    if (!presigned) return undefined;
    const audiences = this.#audiences.filter((audience) => wanted.length === 0 || wanted.includes(audience));
    if (audiences.length === 0) throw new Error("the token is not for the target audiences");
    const hash = createHash("sha256").update(token).digest("base64");
    let asking = this.#known.get(hash);
    if (!asking) {
      asking = callerIdentity(presigned, this.#options);
      asking.catch(() => this.#known.delete(hash));
    }
    this.#remember(hash, asking);
    return { user: await this.#userOf(await asking), audiences };
  }

  /** The least recently used go first. */
  #remember(hash: string, asking: Promise<CallerIdentity>): void {
    this.#known.delete(hash);
    this.#known.set(hash, asking);
    if (this.#known.size <= (this.#options.maxTokens ?? 1_000)) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest);
  }

  /** Throws where the caller is nobody here. */
  async #userOf(caller: CallerIdentity): Promise<UserInfo> {
    const key = principalKey(caller.principal);
    if (this.#nodeRoles.has(key)) return nodeUser(caller);
    const entry = (await this.#entry(caller)) ?? this.#builtin.get(key);
    if (!entry) throw new Error("ARN is not mapped");
    if (entry.type === "Node") return nodeUser(caller);
    const username = renderTemplate(entry.username || defaultUsername(caller.principal), caller);
    return withDetails(caller, username, entry.groups ?? []);
  }

  async #entry({ principal }: CallerIdentity): Promise<AccessEntrySpec | undefined> {
    try {
      return await this.#entries.find(principal);
    } catch {
      throw new AuthenticationUnavailable("the access entries cannot be read");
    }
  }
}

/** The node's name is its role's session's, which of an instance is the instance's id. */
function nodeUser(caller: CallerIdentity): UserInfo {
  const { sessionName } = caller;
  if (sessionName === "" || nameIsDNSSubdomain(sessionName, false).length > 0) {
    throw new Error("the session's name is no node's");
  }
  return withDetails(caller, `system:node:${sessionName}`, [nodesGroup]);
}

function withDetails(caller: CallerIdentity, username: string, groups: readonly string[]): UserInfo {
  const { arn, principal, accountId, userId, sessionName, accessKeyId } = caller;
  return {
    username,
    uid: `aws-iam-authenticator:${accountId}:${userId}`,
    groups,
    extra: {
      arn: [arn],
      canonicalArn: [principal.canonical],
      sessionName: [sessionName],
      accessKeyId: [accessKeyId],
      principalId: [userId],
      "sigs.k8s.io/aws-iam-authenticator/principalId": [userId],
    },
  };
}
