/** The schema facts as strategic merge patches look at them. */
import type { PatchField, PatchSchema } from "../apimachinery/patch/strategic-merge-patch.ts";
import { definition } from "./schema.ts";

const schemas = new Map<string, PatchSchema>();

/** The patch schema of a definition (`core.v1.Pod`). */
export function patchSchema(name: string): PatchSchema {
  const known = schemas.get(name);
  if (known) return known;
  const fields = new Map<string, PatchField | undefined>();
  const schema: PatchSchema = {
    field(field) {
      if (!fields.has(field)) fields.set(field, patchField(name, field));
      return fields.get(field);
    },
  };
  schemas.set(name, schema);
  return schema;
}

function patchField(name: string, field: string): PatchField | undefined {
  const facts = definition(name).f?.[field];
  if (!facts) return undefined;
  const type = facts.t.replace(/^(\[\]|\{\})/, "");
  const inner = type.includes(".") && definition(type).f ? patchSchema(type) : undefined;
  return { strategies: facts.ps?.split(",") ?? [], mergeKey: facts.pk ?? "", schema: inner };
}
