/** pods/resize: cpu and memory of a pod and its containers (upstream: podResizeStrategy, ValidatePodResize). */
import { type FieldError, forbidden, invalid, type Path, path } from "../../../apimachinery/validation/field.ts";
import type { Container, Pod, ResourceRequirements } from "../../../openapi/types/core-v1.ts";
import { isSidecar } from "../../pod-spec/aggregate.ts";
import { mirrorAnnotation } from "../../pod-spec/annotations.ts";
import type { UpdateStrategy } from "../../strategy.ts";
import { countGeneration, same } from "../../validation/generation.ts";
import { qosClass } from "./qos.ts";
import { resetMetadata } from "./reset-metadata.ts";
import { validatePod } from "./validation.ts";

const specPath = path("spec");
const kinds = ["containers", "initContainers"] as const;
type ResourceList = Record<string, string> | undefined;

/** The old containers with the new ones' resources; containers that are renamed are left to validation. */
function resized(now: Container[] | undefined, old: Container[] | undefined): Container[] | undefined {
  if (!now || now.some(({ name }, index) => name !== old?.[index]?.name)) return now;
  return now.map(({ resources, resizePolicy }, index) => {
    const container = { ...old?.[index], resources, resizePolicy } as Container;
    if (!resources) delete container.resources;
    if (!resizePolicy) delete container.resizePolicy;
    return container;
  });
}

function keepTheRest(pod: Pod, old: Pod): void {
  const { spec } = pod;
  if (kinds.some((name) => (spec[name] ?? []).length !== (old.spec[name] ?? []).length)) return;
  const [containers, initContainers] = kinds.map((name) => resized(spec[name], old.spec[name]));
  pod.spec = { ...old.spec, containers: containers ?? [] };
  if (initContainers) pod.spec.initContainers = initContainers;
  if (spec.resources) pod.spec.resources = spec.resources;
  else delete pod.spec.resources;
  pod.status = old.status;
  resetMetadata(pod, old);
}

function removed(list: ResourceList, old: ResourceList): boolean {
  return Object.keys(old ?? {}).some((name) => list?.[name] === undefined);
}

function validateRemoved(
  now: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
  what: string,
  at: Path,
): FieldError[] {
  return (["requests", "limits"] as const).flatMap((part) => {
    if (!removed(now?.[part], old?.[part])) return [];
    return [forbidden(at.child(part), `${what} ${part} cannot be removed`)];
  });
}

function validateOrder(pod: Pod, old: Pod): FieldError[] {
  return kinds.flatMap((name) => {
    const [now, before] = [pod.spec[name] ?? [], old.spec[name] ?? []];
    const at = specPath.child(name);
    if (now.length !== before.length) return [forbidden(at, `${name} may not be added or removed on resize`)];
    return before.flatMap((container, index) => {
      if (now[index].name === container.name) return [];
      return [forbidden(at.index(index).child("name"), `${name} may not be renamed or reordered on resize`)];
    });
  });
}

/** A list with the old cpu and memory: whatever else differs was not to change. */
function withOldAmounts(list: ResourceList, old: ResourceList): ResourceList {
  const { cpu: _, memory: __, ...rest } = list ?? {};
  for (const name of ["cpu", "memory"]) if (old?.[name] !== undefined) rest[name] = old[name];
  return rest;
}

function withOldResources(now: ResourceRequirements | undefined, old: ResourceRequirements | undefined) {
  return { requests: withOldAmounts(now?.requests, old?.requests), limits: withOldAmounts(now?.limits, old?.limits) };
}

/** Whether something else than cpu and memory has changed. */
function othersChanged(container: Container, old: Container): boolean {
  const { claims } = old.resources ?? {};
  const before = { ...old, resources: { ...old.resources, ...(claims ? { claims } : {}) } };
  return !same({ ...container, resources: withOldResources(container.resources, old.resources) }, before);
}

function validateInitContainers(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, container] of (pod.spec.initContainers ?? []).entries()) {
    const before = old.spec.initContainers?.[index];
    if (!before) continue;
    const at = specPath.child("initContainers").index(index);
    if (othersChanged(container, before)) {
      errors.push(forbidden(at, "only cpu and memory resources for init or sidecar containers are mutable"));
    }
    if (same(container, before) || isSidecar(container)) continue;
    for (const { restartPolicy } of container.resizePolicy ?? []) {
      if (restartPolicy !== "RestartContainer") continue;
      const text = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
      errors.push(forbidden(at, text));
    }
  }
  return errors;
}

function validatePodLevel(pod: Pod, old: Pod): FieldError[] {
  const [now, before] = [pod.spec.resources, old.spec.resources];
  const isSet = (resources: ResourceRequirements | undefined) =>
    Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0;
  if (!isSet(now) && !isSet(before)) return [];
  const at = specPath.child("resources");
  if (before && !now) return [forbidden(at, "pod-level resources cannot be removed")];
  const errors = before ? validateRemoved(now, before, "pod-level resource", at) : [];
  if (!same(withOldResources(now, before), { requests: before?.requests, limits: before?.limits })) {
    errors.push(forbidden(specPath, "only cpu and memory resources are mutable at pod-level"));
  }
  return errors;
}

/** A node that does not tell what its containers have can't resize them. */
function nodeCanResize({ status }: Pod): boolean {
  const running = status?.containerStatuses?.find(({ state }) => state?.running);
  return running === undefined || running.resources !== undefined;
}

function validateContainers(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["initContainers", "containers"] as const) {
    for (const [index, before] of (old.spec[name] ?? []).entries()) {
      const at = specPath.child(name).index(index).child("resources");
      errors.push(...validateRemoved(pod.spec[name]?.[index].resources, before.resources, "resource", at));
    }
  }
  for (const [index, container] of pod.spec.containers.entries()) {
    if (!othersChanged(container, old.spec.containers[index])) continue;
    errors.push(forbidden(specPath, "only cpu and memory resources are mutable"));
  }
  return [...errors, ...validateInitContainers(pod, old)];
}

function validate(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbidden(path(), "static pods cannot be resized")];
  }
  if (old.spec.os?.name === "windows") return [forbidden(path(), "windows pods cannot be resized")];
  const errors = validatePod(pod);
  if ((old.status?.qosClass ?? qosClass(old.spec)) !== qosClass(pod.spec)) {
    const text = "Pod QOS Class may not change as a result of resizing";
    errors.push(invalid(specPath, pod.status?.qosClass ?? "", text));
  }
  if (!nodeCanResize(old)) errors.push(forbidden(specPath, "Pod running on node without support for resize"));
  errors.push(...validatePodLevel(pod, old));
  if (old.status?.nodeAllocatableResourceClaimStatuses?.length) {
    errors.push(forbidden(specPath, "pods with node allocatable resource claims cannot be resized"));
  }
  const order = validateOrder(pod, old);
  if (order.length > 0) return [...errors, ...order];
  return [...errors, ...validateContainers(pod, old)];
}

/** pods/resize */
export const podResize: UpdateStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    keepTheRest(pod, old);
    countGeneration(pod.metadata, old.metadata, !same(pod.spec, old.spec));
  },
  validateUpdate: validate,
};
