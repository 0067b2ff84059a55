/**
 * AccessEntries: who an IAM principal is in the cluster, as EKS' access entries say it. Users and groups are only named
 * here; what they may is RBAC's.
 */
import { newForbidden } from "../../apimachinery/errors.ts";
import type { ObjectMeta, Resource } from "../../apimachinery/meta.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooMany,
} from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import { ageCell, noneIfEmpty } from "../printers/cells.ts";
import type { Strategy, StrategyContext } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { type PrincipalArn, principalArn, principalKey } from "./arn.ts";
import { defaultUsername, unknownPlaceholder } from "./username.ts";

/** What an entry says; see own-descriptions.ts for the fields. */
export interface AccessEntrySpec {
  principalArn: string;
  /** "Standard" or "Node"; the server sets it where it is absent. */
  type?: string;
  username?: string;
  groups?: string[];
}

/** An entry. */
export interface AccessEntry {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  spec: AccessEntrySpec;
}

/** accessentries.access.coracle.dev v1 */
export const accessEntries: Resource<AccessEntry> = {
  group: "access.coracle.dev",
  version: "v1",
  resource: "accessentries",
  kind: "AccessEntry",
  namespaced: false,
};

const types = ["Standard", "Node"];
/** Of every entry for nodes. */
const nodeUsername = "system:node:{{SessionName}}";
const maxGroups = 100;
const reservedPrefix = "system:";
const specField = path("spec");
const arnField = specField.child("principalArn");

function parsed(arn: string): PrincipalArn | string {
  try {
    return principalArn(arn);
  } catch (error) {
    return (error as Error).message;
  }
}

function validatePrincipal({ principalArn: arn, type }: AccessEntrySpec): FieldError[] {
  if (!arn) return [required(arnField, "the ARN of an IAM role or user")];
  const principal = parsed(arn);
  if (typeof principal === "string") return [invalid(arnField, arn, principal)];
  if (principal.type === "assumed-role") {
    return [invalid(arnField, arn, `must be the role's own ARN, not a session's: ${principal.canonical}`)];
  }
  if (type === "Node" && principal.type !== "role") return [invalid(arnField, arn, "must be a role of a Node")];
  return [];
}

function validateUsername(username: string | undefined): FieldError[] {
  if (!username) return [];
  const field = specField.child("username");
  const errors: FieldError[] = [];
  if (username.startsWith(reservedPrefix))
    errors.push(invalid(field, username, `must not begin with ${reservedPrefix}`));
  const unknown = unknownPlaceholder(username);
  if (unknown !== undefined) errors.push(invalid(field, username, `has an unknown placeholder ${unknown}`));
  // The caller chooses the session's name: only behind a colon can it not become another's user name.
  if (/^[^:]*\{\{SessionName(Raw)?\}\}/.test(username)) {
    errors.push(invalid(field, username, "must have a colon before the session's name"));
  }
  return errors;
}

function validateGroups(groups: readonly string[]): FieldError[] {
  const field = specField.child("groups");
  if (groups.length > maxGroups) return [tooMany(field, groups.length, maxGroups)];
  return groups.flatMap((group, index) => {
    const at = field.index(index);
    if (group === "") return [required(at, "")];
    if (group.includes("{{")) return [invalid(at, group, "must not have placeholders")];
    return groups.indexOf(group) < index ? [duplicate(at, group)] : [];
  });
}

async function validateUnique({ metadata, spec }: AccessEntry, { objects }: StrategyContext): Promise<FieldError[]> {
  const key = principalKey(principalArn(spec.principalArn));
  const all = (await objects.list(accessEntries)) as unknown as AccessEntry[];
  const taken = all.some((one) => {
    const other = parsed(one.spec.principalArn);
    return one.metadata.name !== metadata.name && typeof other !== "string" && principalKey(other) === key;
  });
  return taken ? [duplicate(arnField, spec.principalArn)] : [];
}

async function validate(entry: AccessEntry, context: StrategyContext): Promise<FieldError[]> {
  const { spec } = entry;
  const errors = validatePrincipal(spec);
  if (!types.includes(spec.type ?? "")) {
    return [...errors, notSupported(specField.child("type"), spec.type ?? "", types)];
  }
  if (spec.type === "Node") {
    for (const field of ["username", "groups"] as const) {
      if ((spec[field] ?? "").length > 0) errors.push(forbidden(specField.child(field), "must be empty of a Node"));
    }
  } else errors.push(...validateUsername(spec.username), ...validateGroups(spec.groups ?? []));
  return errors.length > 0 ? errors : validateUnique(entry, context);
}

/**
 * Whoever makes someone into a user or a member of a group must be allowed to impersonate these: else the right to
 * write entries would be every right. Throws 403.
 */
async function checkImpersonation({ metadata, spec }: AccessEntry, context: StrategyContext): Promise<void> {
  const { user, access } = context;
  if (user.groups.includes("system:masters")) return;
  const isNode = spec.type === "Node";
  const groups = isNode ? ["system:nodes"] : (spec.groups ?? []);
  const username = isNode ? nodeUsername : spec.username;
  const wanted = groups.map((group) => ["groups", group]);
  if (username) wanted.push(["users", username]);
  for (const [resource, name] of wanted) {
    const attributes = { user, verb: "impersonate", group: "", version: "v1", resource, namespace: "", name };
    const answer = await access?.authorize({ ...attributes, subresource: "" });
    if (answer?.decision === "allow") continue;
    const who = `user ${JSON.stringify(user.username)}`;
    const text = `${who} must be allowed to impersonate ${resource} ${JSON.stringify(name)}`;
    throw newForbidden(accessEntries, metadata.name ?? "", text);
  }
}

/** accessentries.access.coracle.dev */
export const accessEntryStrategy: Strategy<AccessEntry> = {
  setDefaults({ spec }) {
    if (spec) spec.type ??= "Standard";
  },
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  async beginCreate(entry, context) {
    await checkImpersonation(entry, context);
    return undefined;
  },
  validate,
  prepareForUpdate(entry, old) {
    countGeneration(entry.metadata, old.metadata, !same(entry.spec, old.spec));
  },
  async beginUpdate(entry, old, context) {
    if (!same(entry.spec, old.spec)) await checkImpersonation(entry, context);
    return undefined;
  },
  validateUpdate: async (entry, old, context) => [
    ...validateImmutableField(entry.spec.principalArn, old.spec.principalArn, arnField),
    ...(await validate(entry, context)),
  ],
  columns: [
    { name: "Name", type: "string", format: "name", description: "The name of the entry.", priority: 0 },
    { name: "Principal", type: "string", format: "", description: "The ARN of the IAM principal.", priority: 0 },
    { name: "Type", type: "string", format: "", description: "Standard, or Node for worker nodes.", priority: 0 },
    { name: "Groups", type: "string", format: "", description: "The Kubernetes groups.", priority: 0 },
    { name: "Age", type: "string", format: "", description: "How long ago the entry was made.", priority: 0 },
    { name: "Username", type: "string", format: "", description: "The Kubernetes user.", priority: 1 },
  ],
  cells: ({ metadata, spec }, { now }) => [
    metadata.name,
    spec.principalArn,
    spec.type,
    spec.type === "Node" ? "system:nodes" : noneIfEmpty((spec.groups ?? []).join(",")),
    ageCell(metadata.creationTimestamp, now),
    usernameCell(spec),
  ],
};

function usernameCell({ type, username, principalArn: arn }: AccessEntrySpec): string {
  if (type === "Node") return nodeUsername;
  const principal = parsed(arn);
  return username || (typeof principal === "string" ? "" : defaultUsername(principal));
}
