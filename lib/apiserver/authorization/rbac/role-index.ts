/** Roles and bindings in memory: who holds which rules (upstream: pkg/registry/rbac/validation/rule.go). */
import type { UserInfo } from "../../../apimachinery/http.ts";
import type { ClusterRoleBinding, PolicyRule, RoleBinding, RoleRef, Subject } from "../../../openapi/types/rbac-v1.ts";
import { serviceAccountUsername } from "../../authentication/groups.ts";

/** The rules that someone holds by one binding. */
export interface Grant {
  readonly rules: readonly PolicyRule[];
  /** As it is shown: `ClusterRoleBinding "x" of ClusterRole "y" to User "z"`. */
  readonly source: string;
}

/** All that someone holds in a namespace. */
export interface Grants {
  readonly grants: readonly Grant[];
  /** What could not be resolved: bindings to roles that are not there. */
  readonly errors: readonly string[];
}

type Binding = RoleBinding | ClusterRoleBinding;
type Bindings = Map<string, Binding>;

const maxRemembered = 10_000;

/** Whom a subject means, as a key; undefined where nobody. */
function subjectKey({ kind, name, namespace }: Subject, bindingNamespace: string): string | undefined {
  if (kind === "User") return `u:${name}`;
  if (kind === "Group") return `g:${name}`;
  const home = namespace || bindingNamespace;
  return kind === "ServiceAccount" && home !== "" ? `u:${serviceAccountUsername(home, name)}` : undefined;
}

function describe(binding: Binding, subject: Subject): string {
  const { name, namespace = "" } = binding.metadata;
  const head = namespace === "" ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const { roleRef } = binding;
  const to =
    subject.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace || namespace}` : (subject.name ?? "");
  return `${head} of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${to}"`;
}

/** Roles and bindings of one cluster. Scopes are namespaces; "" is the cluster's. */
export class RoleIndex {
  readonly #roles = new Map<string, readonly PolicyRule[]>();
  readonly #bindings = new Map<string, Binding>();
  /** scope → subject → name → binding */
  readonly #bySubject = new Map<string, Map<string, Bindings>>();
  readonly #remembered = new Map<string, Grants>();

  /** Adds or replaces a role; without rules: removes it. */
  setRole(scope: string, name: string, rules: readonly PolicyRule[] | undefined): void {
    this.#remembered.clear();
    if (rules) this.#roles.set(`${scope}/${name}`, rules);
    else this.#roles.delete(`${scope}/${name}`);
  }

  /** Adds or replaces a binding; without a binding: removes it. */
  setBinding(scope: string, name: string, binding: Binding | undefined): void {
    this.#remembered.clear();
    const key = `${scope}/${name}`;
    const old = this.#bindings.get(key);
    if (old) this.#forEachSubject(scope, old, (bindings) => bindings.delete(name));
    if (!binding) {
      this.#bindings.delete(key);
      return;
    }
    this.#bindings.set(key, binding);
    this.#forEachSubject(scope, binding, (bindings) => bindings.set(name, binding));
  }

  /** The rules of a referenced role; undefined where it is not there. `scope` is the binding's. */
  rulesOf(roleRef: RoleRef, scope: string): readonly PolicyRule[] | undefined {
    return this.#roles.get(`${roleRef.kind === "ClusterRole" ? "" : scope}/${roleRef.name}`);
  }

  /** What the user holds in the namespace, cluster-wide grants first. */
  grantsFor(user: UserInfo, namespace: string): Grants {
    const key = `${namespace}\n${user.username}\n${user.groups.join("\n")}`;
    const known = this.#remembered.get(key);
    if (known) return known;
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    const grants: Grant[] = [];
    const errors: string[] = [];
    this.#collect(user, "", grants, errors);
    if (namespace !== "") this.#collect(user, namespace, grants, errors);
    const found = { grants, errors };
    this.#remembered.set(key, found);
    return found;
  }

  #collect(user: UserInfo, scope: string, grants: Grant[], errors: string[]): void {
    const bySubject = this.#bySubject.get(scope);
    if (!bySubject) return;
    const keys = new Set([`u:${user.username}`, ...user.groups.map((group) => `g:${group}`)]);
    const bindings = new Map([...keys].flatMap((key) => [...(bySubject.get(key) ?? [])]));
    for (const name of [...bindings.keys()].sort()) {
      const binding = bindings.get(name) as Binding;
      const rules = this.rulesOf(binding.roleRef, scope);
      if (!rules) {
        errors.push(
          `${binding.roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io "${binding.roleRef.name}" not found`,
        );
        continue;
      }
      const subject = binding.subjects?.find((candidate) => keys.has(subjectKey(candidate, scope) ?? ""));
      grants.push({ rules, source: describe(binding, subject as Subject) });
    }
  }

  #forEachSubject(scope: string, binding: Binding, apply: (bindings: Bindings) => void): void {
    const bySubject = getOrAdd(this.#bySubject, scope);
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, scope);
      if (key === undefined) continue;
      const bindings = getOrAdd(bySubject, key);
      apply(bindings);
      if (bindings.size === 0) bySubject.delete(key);
    }
  }
}

function getOrAdd<V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let map = maps.get(key);
  if (!map) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
