/** RoleBindings (upstream: pkg/registry/rbac/rolebinding). */
import { pathSegmentName } from "../../apimachinery/validation/names.ts";
import type { RoleBinding } from "../../openapi/types/rbac-v1.ts";
import type { Strategy } from "../strategy.ts";
import { bindingCells, setBindingDefaults } from "./binding.ts";
import { checkBinding } from "./escalation.ts";
import { validateBinding, validateRoleRefUpdate } from "./validation.ts";

/** rolebindings */
export const roleBindingStrategy: Strategy<RoleBinding> = {
  validateName: pathSegmentName,
  setDefaults: setBindingDefaults,
  async beginCreate(binding, context) {
    await checkBinding("rolebindings", binding, undefined, context);
    return undefined;
  },
  validate: (binding) => validateBinding(binding, true),
  async beginUpdate(binding, old, context) {
    await checkBinding("rolebindings", binding, old, context);
    return undefined;
  },
  validateUpdate: (binding, old) => [
    ...validateBinding(binding, true),
    ...validateRoleRefUpdate(binding.roleRef, old.roleRef),
  ],
  cells: bindingCells,
};
