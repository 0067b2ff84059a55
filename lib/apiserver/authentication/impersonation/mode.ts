/**
 * The ways in which someone may act as someone else (upstream: endpoints/filters/impersonation/mode.go, KEP-5284). The
 * constrained ones need two rights: to be that user, and to do this as such a user; the old one lets do everything.
 */
import { hasReason } from "../../../apimachinery/errors.ts";
import type { UserInfo } from "../../../apimachinery/http.ts";
import { isDomainPrefixedPath } from "../../../apimachinery/validation/domain-prefixed.ts";
import { fieldErrorText, path } from "../../../apimachinery/validation/field.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { AuthorizationAttributes, Authorizer } from "../../authorization/authorizer.ts";
import { forbidden } from "../../authorization/index.ts";
import {
  allAuthenticated,
  allUnauthenticated,
  anonymousUser,
  nodesGroup,
  parseServiceAccountUsername,
  serviceAccountGroups,
  systemPrivilegedGroup,
} from "../groups.ts";
import type { WantedUser } from "./headers.ts";

/** A way. `impersonate` gives undefined where it does not fit, and throws 403 where it does but is not allowed. */
export interface Mode {
  readonly name: string;
  impersonate(wanted: WantedUser, attributes: AuthorizationAttributes): Promise<UserInfo | undefined>;
}

type Check = (attributes: AuthorizationAttributes) => Promise<void>;

const identityGroup = "authentication.k8s.io";
/** From so many values on it is first asked whether all of them are allowed. */
const many = 4;

/** Throws the authorizer's refusal as 403. */
function checker(authorizer: Authorizer): Check {
  return async (attributes) => {
    const { decision, reason, error } = await authorizer.authorize(attributes);
    if (decision === "allow") return;
    throw forbidden(attributes, error === undefined ? reason : reason === "" ? error : `${error}: ${reason}`);
  };
}

function nodeName(username: string): string | undefined {
  if (!username.startsWith("system:node:")) return undefined;
  const name = username.slice("system:node:".length);
  return nameIsDNSSubdomain(name, false).length === 0 ? name : undefined;
}

const onlyName = ({ uid, groups, extra }: WantedUser) =>
  uid === "" && groups.length === 0 && Object.keys(extra).length === 0;

async function isAllowed(check: Promise<void>): Promise<boolean> {
  try {
    await check;
    return true;
  } catch (error) {
    if (hasReason(error, "Forbidden")) return false;
    throw error;
  }
}

/** What is wrong with extras that only the old way lets through; undefined: nothing. */
function extraProblem(extra: WantedUser["extra"]): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === "") return "impersonating the empty string key in extra is not allowed";
    const problems = isDomainPrefixedPath(path("extra", "key"), key);
    if (problems.length > 0) {
      const texts = problems.map((error) => `${error.field}: ${fieldErrorText(error)}`);
      const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
      return `impersonating an invalid key in extra is not allowed: ${text}`;
    }
    if (values.length === 0) return "impersonating empty values in extra is not allowed";
    if (values.includes("")) return "impersonating the empty string value in extra is not allowed";
  }
  return undefined;
}

/** Asks, part by part, whether `attributes.user` may be the wanted user. */
class UserCheck {
  readonly #check: Check;
  readonly #base: AuthorizationAttributes;
  readonly #constrained: boolean;

  constructor(check: Check, verb: string, requestor: UserInfo, constrained: boolean) {
    this.#check = check;
    this.#constrained = constrained;
    const none = { namespace: "", resource: "", subresource: "", name: "" };
    this.#base = { user: requestor, verb, group: identityGroup, version: "v1", ...none };
  }

  /** The user with the groups that it gets. Throws 403. */
  async user(wanted: WantedUser): Promise<UserInfo> {
    const groups = await this.#username(wanted);
    if (wanted.uid !== "") await this.#check({ ...this.#base, resource: "uids", name: wanted.uid });
    await this.#groups(wanted.groups);
    await this.#extra(wanted.extra);
    const extra = Object.keys(wanted.extra).length === 0 ? {} : { extra: wanted.extra };
    const uid = wanted.uid === "" ? {} : { uid: wanted.uid };
    return { username: wanted.username, ...uid, groups: completeGroups(wanted.username, groups), ...extra };
  }

  /** Users and groups were of the core group before they had one of their own. */
  get #named(): AuthorizationAttributes {
    return this.#constrained ? this.#base : { ...this.#base, group: "" };
  }

  async #username({ username, groups }: WantedUser): Promise<readonly string[]> {
    const node = this.#constrained ? nodeName(username) : undefined;
    if (node !== undefined) {
      await this.#check({ ...this.#named, resource: "nodes", name: node });
      return [nodesGroup];
    }
    const account = parseServiceAccountUsername(username);
    if (account) {
      const { namespace, name } = account;
      await this.#check({ ...this.#named, resource: "serviceaccounts", namespace, name });
      return groups.length === 0 ? serviceAccountGroups(namespace) : groups;
    }
    await this.#check({ ...this.#named, resource: "users", name: username });
    return groups;
  }

  async #groups(groups: readonly string[]): Promise<void> {
    const attributes = { ...this.#named, resource: "groups" };
    if (this.#constrained && groups.includes("")) {
      throw forbidden(attributes, "impersonating the empty string group is not allowed");
    }
    if (this.#constrained && groups.includes(systemPrivilegedGroup)) {
      const named = { ...attributes, name: systemPrivilegedGroup };
      throw forbidden(named, "impersonating the system:masters group is not allowed");
    }
    if (this.#constrained && groups.length >= many) {
      if (await isAllowed(this.#check({ ...attributes, name: "*" }))) return;
    }
    for (const name of groups) await this.#check({ ...attributes, name });
  }

  async #extra(extra: WantedUser["extra"]): Promise<void> {
    const attributes = { ...this.#base, resource: "userextras" };
    const entries = Object.entries(extra);
    if (this.#constrained) {
      const problem = extraProblem(extra);
      if (problem !== undefined) throw forbidden(attributes, problem);
      const count = entries.reduce((sum, [, values]) => sum + values.length, 0);
      const all = { ...attributes, subresource: "*", name: "*" };
      if ((entries.length >= many || count >= many) && (await isAllowed(this.#check(all)))) return;
    }
    for (const [subresource, values] of entries) {
      for (const name of values) await this.#check({ ...attributes, subresource, name });
    }
  }
}

function completeGroups(username: string, groups: readonly string[]): readonly string[] {
  const wanted = username === anonymousUser ? allUnauthenticated : allAuthenticated;
  if (groups.includes(wanted) || groups.includes(allUnauthenticated)) return groups;
  return [...groups, wanted];
}

type Filter = (wanted: WantedUser, requestor: UserInfo) => boolean;

function constrained(check: Check, name: string, fits: Filter): Mode {
  return {
    name,
    async impersonate(wanted, attributes) {
      if (!fits(wanted, attributes.user)) return undefined;
      await check({ ...attributes, verb: `impersonate-on:${name}:${attributes.verb}` });
      return new UserCheck(check, `impersonate:${name}`, attributes.user, true).user(wanted);
    },
  };
}

const nodeKey = "authentication.kubernetes.io/node-name";

/** Whether the requestor is a pod's service account on the node that it wants to be. */
function isOnNode({ username }: WantedUser, requestor: UserInfo): boolean {
  const node = nodeName(username);
  if (node === undefined || !parseServiceAccountUsername(requestor.username)) return false;
  const values = requestor.extra?.[nodeKey] ?? [];
  return values.length === 1 && values[0] === node;
}

/** The right is for all nodes: which one it is has been checked by the filter. */
function associatedNodeCheck(check: Check): Check {
  return (attributes) => {
    const keys = Object.keys(attributes.user.extra ?? {}).sort();
    const extra = { "authentication.kubernetes.io/associated-node-keys": keys };
    const name = attributes.verb === "impersonate:associated-node" ? "*" : attributes.name;
    return check({ ...attributes, name, user: { ...attributes.user, extra } });
  };
}

/** All ways, in the order in which they are tried. */
export function impersonationModes(authorizer: Authorizer): readonly Mode[] {
  const check = checker(authorizer);
  const isAccount = (username: string) => parseServiceAccountUsername(username) !== undefined;
  return [
    constrained(
      associatedNodeCheck(check),
      "associated-node",
      (wanted, user) => onlyName(wanted) && isOnNode(wanted, user),
    ),
    constrained(check, "arbitrary-node", (wanted) => onlyName(wanted) && nodeName(wanted.username) !== undefined),
    constrained(check, "serviceaccount", (wanted) => onlyName(wanted) && isAccount(wanted.username)),
    constrained(check, "user-info", ({ username }) => nodeName(username) === undefined && !isAccount(username)),
    {
      name: "legacy",
      impersonate: (wanted, { user }) => new UserCheck(check, "impersonate", user, false).user(wanted),
    },
  ];
}
