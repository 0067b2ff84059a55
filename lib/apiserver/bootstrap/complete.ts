/** Brings bootstrap objects of an earlier release up to date (upstream: component-helpers/auth/rbac/reconciliation). */
import { deepEqual } from "../../apimachinery/equality.ts";
import type { AnyObject } from "../../apimachinery/meta.ts";
import type { PolicyRule, Subject } from "../../openapi/types/rbac-v1.ts";
import { covers } from "../../registry/rbac/covers.ts";

const autoupdate = "rbac.authorization.kubernetes.io/autoupdate";

/** A role or binding with what it lacks of `wanted`; undefined: it lacks nothing, or its annotation forbids it. */
export function completed(existing: AnyObject, wanted: AnyObject): AnyObject | undefined {
  if (existing.metadata.annotations?.[autoupdate] === "false") return undefined;
  if (wanted.aggregationRule) return undefined;
  const result: AnyObject = { ...existing };
  let changed = false;
  const have = (existing.rules ?? []) as PolicyRule[];
  const want = (wanted.rules ?? []) as PolicyRule[];
  if (want.length > 0 && !deepEqual(have, want)) {
    const missing = covers(have, want);
    result.rules = [...have, ...missing];
    changed = missing.length > 0;
  }
  const subjects = (existing.subjects ?? []) as Subject[];
  const missing = ((wanted.subjects ?? []) as Subject[]).filter(
    (subject) => !subjects.some((other) => deepEqual(other, subject)),
  );
  if (missing.length > 0) {
    result.subjects = [...subjects, ...missing];
    changed = true;
  }
  return changed ? result : undefined;
}
