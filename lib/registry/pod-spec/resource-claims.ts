/** A pod's resource claims: by name, or made from a template. */
import { duplicate, type FieldError, forbidden, invalid, Path, required } from "../../apimachinery/validation/field.ts";
import { isDNS1123Label, nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import type { PodResourceClaim } from "../../openapi/types/core-v1.ts";
import { goResourceClaim } from "./go-values.ts";

const names = ["resourceClaimName", "resourceClaimTemplateName"] as const;

/** `mirrored`: the pod is a static one. */
export function validateResourceClaims(
  claims: readonly PodResourceClaim[] | undefined,
  mirrored: boolean,
  path: Path,
): FieldError[] {
  const seen = new Set<string>();
  return (claims ?? []).flatMap((claim, index) => {
    if (mirrored) return [forbidden(new Path(""), "static pods do not support resource claims")];
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (!claim.name) errors.push(required(at.child("name"), ""));
    else if (seen.has(claim.name)) errors.push(duplicate(at.child("name"), claim.name));
    else errors.push(...isDNS1123Label(claim.name).map((problem) => invalid(at.child("name"), claim.name, problem)));
    seen.add(claim.name);
    const given = names.filter((name) => claim[name] !== undefined);
    if (given.length === 2) {
      const text = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
      errors.push(invalid(at, goResourceClaim(claim), text));
    }
    if (given.length === 0) {
      errors.push(
        invalid(at, goResourceClaim(claim), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
      );
    }
    for (const name of given) {
      const value = claim[name] ?? "";
      errors.push(...nameIsDNSSubdomain(value, false).map((problem) => invalid(at.child(name), value, problem)));
    }
    return errors;
  });
}
