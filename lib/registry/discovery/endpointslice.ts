/** EndpointSlices (upstream: pkg/registry/discovery/endpointslice). */
import { path } from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type { EndpointSlice } from "../../openapi/types/discovery-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { warningsForIP } from "../validation/ip-warnings.ts";
import { validateEndpointSlice } from "./endpointslice-validation.ts";

const managedBy = "endpointslice.kubernetes.io/managed-by";
const ownControllers = ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"];

/** Topology is read-only history since endpoints have zones. */
function dropTopology(slice: EndpointSlice): void {
  for (const endpoint of slice.endpoints ?? []) delete endpoint.deprecatedTopology;
}

function addressWarnings({ metadata, endpoints }: EndpointSlice): string[] {
  if (ownControllers.includes(metadata.labels?.[managedBy] ?? "")) return [];
  return (endpoints ?? []).flatMap(({ addresses }, index) => {
    const field = path("endpoints").index(index).child("addresses");
    return (addresses ?? []).flatMap((address, position) => warningsForIP(field.index(position), address));
  });
}

/** The first few of a list, and how many more there are. */
function shortList(items: readonly string[], most: number): string {
  if (items.length <= most) return items.join(",");
  return `${items.slice(0, most).join(",")} + ${items.length - most} more...`;
}

function portsCell(ports: EndpointSlice["ports"]): string {
  if (!ports?.length) return "<unset>";
  return shortList(
    ports.map(({ name, port }) => String(port ?? name ?? "*")),
    3,
  );
}

/** endpointslices.discovery.k8s.io */
export const endpointSliceStrategy: Strategy<EndpointSlice> = {
  setDefaults(slice) {
    // No ports at all and an empty list of them are stored as the same.
    if (slice.ports?.length === 0) Object.assign(slice, { ports: null });
    for (const port of slice.ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  prepareForCreate(slice) {
    slice.metadata.generation = 1;
    dropTopology(slice);
  },
  validate: (slice) => validateEndpointSlice(slice),
  warningsOnCreate: (slice) => {
    const fqdn = slice.addressType === "FQDN" ? ["spec.addressType: FQDN endpoints are deprecated"] : [];
    return [...fqdn, ...addressWarnings(slice)];
  },
  prepareForUpdate(slice, old) {
    const { metadata, ...content } = slice;
    const { metadata: oldMetadata, ...oldContent } = old;
    const changed = !same(content, oldContent) || !same(metadata.labels, oldMetadata.labels);
    countGeneration(metadata, oldMetadata, changed);
    if (!same(slice.endpoints, old.endpoints)) dropTopology(slice);
  },
  validateUpdate: (slice, old) => [
    ...validateEndpointSlice(slice, old),
    ...validateImmutableField(slice.addressType, old.addressType, path("addressType")),
  ],
  warningsOnUpdate: addressWarnings,
  cells: ({ metadata, addressType, ports, endpoints }, { now }) => [
    metadata.name,
    addressType,
    portsCell(ports),
    endpoints?.length
      ? shortList(
          endpoints.flatMap(({ addresses }) => addresses ?? []),
          3,
        )
      : "<unset>",
    ageCell(metadata.creationTimestamp, now),
  ],
};
