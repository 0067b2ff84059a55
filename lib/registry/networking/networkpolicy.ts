/** NetworkPolicies (upstream: pkg/registry/networking/networkpolicy). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupportedAsListed,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { contains, parseCidr, validateCIDRForLegacyField } from "../../apimachinery/validation/ip.ts";
import { validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import { isValidPortName, isValidPortNum } from "../../apimachinery/validation/names.ts";
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "../../openapi/types/networking-v1.ts";
import { ageCell, selectorCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { warningsForCIDR } from "../validation/ip-warnings.ts";

const specField = path("spec");
const protocols = ["TCP", "UDP", "SCTP"];
const types = ["Ingress", "Egress"];

/** The rules of both directions: their ports and peers with their paths. */
function rulesOf({ spec = {} as NonNullable<NetworkPolicy["spec"]> }: NetworkPolicy) {
  const ingress = (spec.ingress ?? []).map(({ ports, from }, index) => {
    return { field: specField.child("ingress").index(index), ports, peers: from, name: "from" };
  });
  const egress = (spec.egress ?? []).map(({ ports, to }, index) => {
    return { field: specField.child("egress").index(index), ports, peers: to, name: "to" };
  });
  return [...ingress, ...egress];
}

function setDefaults(policy: NetworkPolicy): void {
  const { spec } = policy;
  if (!spec) return;
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
  for (const { ports } of rulesOf(policy)) for (const port of ports ?? []) port.protocol ??= "TCP";
}

const invalidIf = (problems: string[], field: Path, value: unknown) =>
  problems.map((problem) => invalid(field, value, problem));

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !protocols.includes(protocol)) {
    errors.push(notSupportedAsListed(field.child("protocol"), protocol, protocols));
  }
  const [at, end] = [field.child("port"), field.child("endPort")];
  if (typeof port === "number") {
    errors.push(...invalidIf(isValidPortNum(port), at, port));
    if (endPort === undefined) return errors;
    if (endPort < port) errors.push(invalid(end, port, "must be greater than or equal to `port`"));
    return [...errors, ...invalidIf(isValidPortNum(endPort), end, endPort)];
  }
  if (endPort !== undefined) {
    const state = port === undefined ? "not specified" : "non-numeric";
    errors.push(invalid(end, endPort, `may not be specified when \`port\` is ${state}`));
  }
  return port === undefined ? errors : [...errors, ...invalidIf(isValidPortName(port), at, port)];
}

function validateBlock({ cidr, except = [] }: IPBlock, known: readonly string[], field: Path): FieldError[] {
  if (!cidr) return [required(field.child("cidr"), "")];
  const errors = validateCIDRForLegacyField(field.child("cidr"), cidr, known);
  const network = parseCidr(cidr)?.network;
  if (!network) return errors;
  for (const [index, text] of except.entries()) {
    const at = field.child("except").index(index);
    errors.push(...validateCIDRForLegacyField(at, text, known));
    const inner = parseCidr(text)?.network;
    if (inner && (!contains(network, inner.address) || network.bits >= inner.bits)) {
      errors.push(invalid(at, text, "must be a strict subset of `cidr`"));
    }
  }
  return errors;
}

function validatePeer(peer: NetworkPolicyPeer, known: readonly string[], field: Path): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors: FieldError[] = [];
  if (podSelector) errors.push(...validateLabelSelector(podSelector, field.child("podSelector")));
  if (namespaceSelector) errors.push(...validateLabelSelector(namespaceSelector, field.child("namespaceSelector")));
  if (ipBlock) errors.push(...validateBlock(ipBlock, known, field.child("ipBlock")));
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(field, "must specify a peer"));
  else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbidden(field, "may not specify both ipBlock and another peer"));
  }
  return errors;
}

function validate(policy: NetworkPolicy, old?: NetworkPolicy): FieldError[] {
  const blocks = old ? rulesOf(old).flatMap(({ peers }) => (peers ?? []).flatMap(({ ipBlock }) => ipBlock ?? [])) : [];
  const known = blocks.flatMap(({ cidr, except = [] }) => [cidr, ...except]);
  const errors = validateLabelSelector(policy.spec?.podSelector, specField.child("podSelector"));
  for (const { field, ports, peers, name } of rulesOf(policy)) {
    const [portsField, peersField] = [field.child("ports"), field.child(name)];
    errors.push(...(ports ?? []).flatMap((port, index) => validatePort(port, portsField.index(index))));
    errors.push(...(peers ?? []).flatMap((peer, index) => validatePeer(peer, known, peersField.index(index))));
  }
  const policyTypes = policy.spec?.policyTypes ?? [];
  const field = specField.child("policyTypes");
  if (policyTypes.length > types.length) {
    return [...errors, invalid(field, policyTypes, "may not specify more than two policyTypes")];
  }
  const unknown = policyTypes.flatMap((type, index) =>
    types.includes(type) ? [] : [notSupportedAsListed(field.index(index), type, types)],
  );
  return [...errors, ...unknown];
}

function warnings(policy: NetworkPolicy): string[] {
  return rulesOf(policy).flatMap(({ field, peers, name }) =>
    (peers ?? []).flatMap(({ ipBlock }, index) => {
      if (!ipBlock) return [];
      const at = field.child(name).index(index).child("ipBlock");
      const except = (ipBlock.except ?? []).flatMap((text, position) =>
        warningsForCIDR(at.child("except").index(position), text),
      );
      return [...warningsForCIDR(at.child("cidr"), ipBlock.cidr), ...except];
    }),
  );
}

/** networkpolicies.networking.k8s.io */
export const networkPolicyStrategy: Strategy<NetworkPolicy> = {
  setDefaults,
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  validate: (policy) => validate(policy),
  warningsOnCreate: warnings,
  prepareForUpdate(policy, old) {
    countGeneration(policy.metadata, old.metadata, !same(policy.spec, old.spec));
  },
  validateUpdate: validate,
  warningsOnUpdate: warnings,
  cells: ({ metadata, spec }, { now }) => [
    metadata.name,
    selectorCell(spec?.podSelector),
    ageCell(metadata.creationTimestamp, now),
  ],
};
