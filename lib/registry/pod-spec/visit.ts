/** All containers of a pod with their paths, in upstream's order (upstream: pkg/apis/core/pods). */
import type { Path } from "../../apimachinery/validation/field.ts";
import type { Container, EphemeralContainer, PodSpec } from "../../openapi/types/core-v1.ts";

/** A container of any sort. */
export type AnyContainer = Container | EphemeralContainer;

/** Init containers, containers, ephemeral containers. */
export function allContainers(spec: PodSpec, path: Path): [AnyContainer, Path][] {
  return (["initContainers", "containers", "ephemeralContainers"] as const).flatMap((name) => {
    const list: readonly AnyContainer[] = spec[name] ?? [];
    return list.map((container, index): [AnyContainer, Path] => [container, path.child(name).index(index)]);
  });
}
