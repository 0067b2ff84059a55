/** ClusterRoleBindings (upstream: pkg/registry/rbac/clusterrolebinding). */
import { pathSegmentName } from "../../apimachinery/validation/names.ts";
import type { ClusterRoleBinding } from "../../openapi/types/rbac-v1.ts";
import type { Strategy } from "../strategy.ts";
import { bindingCells, setBindingDefaults } from "./binding.ts";
import { checkBinding } from "./escalation.ts";
import { validateBinding, validateRoleRefUpdate } from "./validation.ts";

/** clusterrolebindings */
export const clusterRoleBindingStrategy: Strategy<ClusterRoleBinding> = {
  validateName: pathSegmentName,
  setDefaults: setBindingDefaults,
  async beginCreate(binding, context) {
    await checkBinding("clusterrolebindings", binding, undefined, context);
    return undefined;
  },
  validate: (binding) => validateBinding(binding, false),
  async beginUpdate(binding, old, context) {
    await checkBinding("clusterrolebindings", binding, old, context);
    return undefined;
  },
  validateUpdate: (binding, old) => [
    ...validateBinding(binding, false),
    ...validateRoleRefUpdate(binding.roleRef, old.roleRef),
  ],
  cells: bindingCells,
};
