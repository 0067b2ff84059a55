/** Ingresses (upstream: pkg/registry/networking/ingress). */
import { path } from "../../apimachinery/validation/field.ts";
import type { Ingress } from "../../openapi/types/networking-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { warningsForIP } from "../validation/ip-warnings.ts";
import { validateIngress, validateIngressStatus } from "./ingress-validation.ts";

const classAnnotation = "kubernetes.io/ingress.class";
const maxHosts = 3;

function hostsCell({ spec }: Ingress): string {
  const rules = spec?.rules ?? [];
  const hosts: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (hosts.length === maxHosts) more = true;
    if (!more && host) hosts.push(host);
  }
  if (hosts.length === 0) return "*";
  return more ? `${hosts.join(",")} + ${rules.length - maxHosts} more...` : hosts.join(",");
}

function addressCell({ status }: Ingress): string {
  const points = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "");
  return [...new Set(points.filter((point) => point !== ""))].sort().join(",");
}

/** ingresses.networking.k8s.io */
export const ingressStrategy: Strategy<Ingress> = {
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
    ingress.metadata.generation = 1;
  },
  validate: (ingress) => validateIngress(ingress, true),
  warningsOnCreate: ({ metadata, spec }) =>
    metadata.annotations?.[classAnnotation] === undefined || spec?.ingressClassName !== undefined
      ? []
      : [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`],
  prepareForUpdate(ingress, old) {
    ingress.status = old.status;
    countGeneration(ingress.metadata, old.metadata, !same(ingress.spec, old.spec));
  },
  validateUpdate: (ingress) => validateIngress(ingress, false),
  cells: (ingress, { now }) => [
    ingress.metadata.name,
    ingress.spec?.ingressClassName ?? "<none>",
    hostsCell(ingress),
    addressCell(ingress),
    ingress.spec?.tls?.length ? "80, 443" : "80",
    ageCell(ingress.metadata.creationTimestamp, now),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(ingress, old) {
        ingress.spec = old.spec;
      },
      validateUpdate: validateIngressStatus,
      warningsOnUpdate(ingress) {
        const field = path("status", "loadBalancer", "ingress");
        const points = ingress.status?.loadBalancer?.ingress ?? [];
        return points.flatMap(({ ip }, index) => (ip ? warningsForIP(field.index(index), ip) : []));
      },
    },
  },
};
