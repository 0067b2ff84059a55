/** Fields of a pod and of its containers' resources as text (upstream: pkg/fieldpath, pkg/api/v1/resource). */
import { parseQuantity } from "../../lib/apimachinery/quantity.ts";
import type { Container, Pod, ResourceFieldSelector } from "../../lib/openapi/types/core-v1.ts";

/** What a pod cannot say of itself. */
export interface PodPlace {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  readonly nodeName: string;
}

/** The value of a field that fieldRef may name. Throws an Error for any other. */
export function podField(pod: Pod, fieldPath: string, place: PodPlace): string {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (keyed) return metadata[keyed[1] as "labels" | "annotations"]?.[keyed[2]] ?? "";
  switch (fieldPath) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace;
    case "metadata.uid":
      return metadata.uid;
    case "metadata.labels":
      return mapText(metadata.labels);
    case "metadata.annotations":
      return mapText(metadata.annotations);
    case "spec.nodeName":
      return place.nodeName;
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "";
    case "status.hostIP":
      return place.hostIps[0] ?? "";
    case "status.hostIPs":
      return place.hostIps.join(",");
    case "status.podIP":
      return place.podIps[0] ?? "";
    case "status.podIPs":
      return place.podIps.join(",");
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`);
  }
}

/** One `key="value"` a line, sorted by key, quoted as Go does. */
function mapText(map: Record<string, string> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map?.[key])}`)
    .join("\n");
}

/** The value of resourceFieldRef; limits that are not set are the node's allocatable. Throws for unknown names. */
export function resourceField(
  container: Container,
  { resource, divisor = "0" }: ResourceFieldSelector,
  allocatable: Record<string, string>,
): string {
  const [kind, ...rest] = resource.split(".");
  const name = rest.join(".");
  if ((kind !== "limits" && kind !== "requests") || name === "") {
    throw new Error(`unsupported container resource : ${resource}`);
  }
  const { limits, requests } = container.resources ?? {};
  const text = kind === "limits" ? (limits?.[name] ?? allocatable[name]) : (requests?.[name] ?? "0");
  const parsed = parseQuantity(divisor);
  const by = parsed.isZero() ? parseQuantity("1") : parsed;
  const value = parseQuantity(text ?? "0");
  // Thousandths matter for cpu alone; memory with a divisor below 1 is refused by validation.
  if (name === "cpu") return String(ceilDivide(value.milliValue(), by.milliValue()));
  return String(ceilDivide(value.value(), by.value()));
}

function ceilDivide(value: bigint, by: bigint): bigint {
  return by === 0n ? 0n : (value + by - 1n) / by;
}
