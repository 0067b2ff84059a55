/** Admission's kinds: their rows and generations (upstream: pkg/registry/admissionregistration). */
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from "../../openapi/types/admissionregistration-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy, TableContext } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";

type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;
type PolicyBinding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;
type Webhooks = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

const firstGeneration = ({ metadata }: { metadata: { generation?: number } }) => {
  metadata.generation = 1;
};

function countSpec(object: Policy | PolicyBinding, old: Policy | PolicyBinding): void {
  countGeneration(object.metadata, old.metadata, !same(object.spec, old.spec));
}

function policyCells({ metadata, spec }: Policy, count: number, { now }: TableContext): unknown[] {
  const kind = spec?.paramKind;
  const shown = kind ? `${kind.apiVersion ?? ""}/${kind.kind ?? ""}` : "<unset>";
  return [metadata.name, count, shown, ageCell(metadata.creationTimestamp, now)];
}

function paramCell({ spec }: PolicyBinding): string {
  const reference = spec?.paramRef;
  if (reference?.name) return `${reference.namespace || "*"}/${reference.name}`;
  if (!reference?.selector) return "<unset>";
  const { matchLabels = {}, matchExpressions = [] } = reference.selector;
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}:${matchLabels[key]}`);
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) => `{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.map((text) => text.replace(":", ": ")).join(",")}${labels.length ? "," : ""}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join("")}},}`;
}

const bindingCells = (binding: PolicyBinding, { now }: TableContext) => [
  binding.metadata.name,
  binding.spec?.policyName ?? "",
  paramCell(binding),
  ageCell(binding.metadata.creationTimestamp, now),
];

const webhookCells = ({ metadata, webhooks }: Webhooks, { now }: TableContext) => [
  metadata.name,
  webhooks?.length ?? 0,
  ageCell(metadata.creationTimestamp, now),
];

function countWebhooks(object: Webhooks, old: Webhooks): void {
  countGeneration(object.metadata, old.metadata, !same(object.webhooks, old.webhooks));
}

/** validatingadmissionpolicies.admissionregistration.k8s.io */
export const validatingAdmissionPolicyStrategy: Strategy<ValidatingAdmissionPolicy> = {
  prepareForCreate(policy) {
    firstGeneration(policy);
    policy.status = {};
  },
  prepareForUpdate(policy, old) {
    policy.status = old.status;
    countSpec(policy, old);
  },
  cells: (policy, context) => policyCells(policy, policy.spec?.validations?.length ?? 0, context),
  updateSubresources: {
    status: {
      prepareForUpdate(policy, old) {
        policy.spec = old.spec;
      },
    },
  },
};

/** mutatingadmissionpolicies.admissionregistration.k8s.io */
export const mutatingAdmissionPolicyStrategy: Strategy<MutatingAdmissionPolicy> = {
  prepareForCreate: firstGeneration,
  prepareForUpdate: countSpec,
  cells: (policy, context) => policyCells(policy, policy.spec?.mutations?.length ?? 0, context),
};

/** validatingadmissionpolicybindings.admissionregistration.k8s.io */
export const validatingAdmissionPolicyBindingStrategy: Strategy<ValidatingAdmissionPolicyBinding> = {
  prepareForCreate: firstGeneration,
  prepareForUpdate: countSpec,
  cells: bindingCells,
};

/** mutatingadmissionpolicybindings.admissionregistration.k8s.io */
export const mutatingAdmissionPolicyBindingStrategy: Strategy<MutatingAdmissionPolicyBinding> = {
  prepareForCreate: firstGeneration,
  prepareForUpdate: countSpec,
  cells: bindingCells,
};

/** validatingwebhookconfigurations.admissionregistration.k8s.io */
export const validatingWebhookConfigurationStrategy: Strategy<ValidatingWebhookConfiguration> = {
  prepareForCreate: firstGeneration,
  prepareForUpdate: countWebhooks,
  cells: webhookCells,
};

/** mutatingwebhookconfigurations.admissionregistration.k8s.io */
export const mutatingWebhookConfigurationStrategy: Strategy<MutatingWebhookConfiguration> = {
  prepareForCreate: firstGeneration,
  prepareForUpdate: countWebhooks,
  cells: webhookCells,
};
