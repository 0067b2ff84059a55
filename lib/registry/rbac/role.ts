/** Roles (upstream: pkg/registry/rbac/role). */
import { pathSegmentName } from "../../apimachinery/validation/names.ts";
import type { Role } from "../../openapi/types/rbac-v1.ts";
import type { Strategy } from "../strategy.ts";
import { checkRole } from "./escalation.ts";
import { validateRules } from "./validation.ts";

/** roles */
export const roleStrategy: Strategy<Role> = {
  validateName: pathSegmentName,
  async beginCreate(role, context) {
    await checkRole("roles", role, undefined, context);
    return undefined;
  },
  validate: ({ rules }) => validateRules(rules, true),
  async beginUpdate(role, old, context) {
    await checkRole("roles", role, old, context);
    return undefined;
  },
  validateUpdate: ({ rules }) => validateRules(rules, true),
  cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp],
};
