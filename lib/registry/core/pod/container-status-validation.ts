/** Users and resources that a pod's containers are said to have (upstream: validateContainerStatus...). */
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
  tooLong,
} from "../../../apimachinery/validation/field.ts";
import { isValidGroupID, isValidUserID } from "../../../apimachinery/validation/names.ts";
import type { Container, ContainerStatus, PodSpec, PodStatus, ResourceStatus } from "../../../openapi/types/core-v1.ts";

const healths = ["Healthy", "Unhealthy", "Unknown"];
const maxMessageBytes = 1024;

function validateUsers(statuses: readonly ContainerStatus[], os: string, path: Path): FieldError[] {
  return statuses.flatMap(({ user }, index) => {
    if (!user?.linux) return [];
    const at = path.index(index).child("user", "linux");
    if (os === "windows") return [forbidden(at, "cannot be set for a windows pod")];
    const { uid, gid, supplementalGroups = [] } = user.linux;
    return [
      ...isValidUserID(uid ?? 0).map((problem) => invalid(at.child("uid"), uid ?? 0, problem)),
      ...isValidGroupID(gid ?? 0).map((problem) => invalid(at.child("gid"), gid ?? 0, problem)),
      ...supplementalGroups.flatMap((group, place) =>
        isValidGroupID(group).map((problem) => invalid(at.child("supplementalGroups").index(place), group, problem)),
      ),
    ];
  });
}

function validateHealth({ resources = [] }: ResourceStatus, path: Path): FieldError[] {
  const seen = new Set<string>();
  return resources.flatMap(({ health = "", message, resourceID }, index) => {
    const at = path.child("resources").index(index);
    const errors = healths.includes(health) ? [] : [notSupported(at.child("health"), health, healths)];
    if (message === "") errors.push(required(at.child("message"), "must be non-empty if specified"));
    if (message && Buffer.byteLength(message) > maxMessageBytes) {
      errors.push(tooLong(at.child("message"), maxMessageBytes));
    }
    if (seen.has(resourceID)) errors.push(duplicate(at.child("resourceID"), resourceID));
    seen.add(resourceID);
    return errors;
  });
}

/** Whether the container asks for what it is said to have. */
function isAsked({ resources }: Container, name: string): boolean {
  if (!name.startsWith("claim:")) return resources?.requests?.[name] !== undefined;
  return (resources?.claims ?? []).some((claim) => {
    return name === `claim:${claim.name}${claim.request ? `/${claim.request}` : ""}`;
  });
}

const unasked = (name: string) =>
  name.startsWith("claim:")
    ? "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
    : "must match one of the container's resource requests";

function validateAllocated(
  statuses: readonly ContainerStatus[],
  containers: readonly Container[],
  path: Path,
): FieldError[] {
  return statuses.flatMap(({ name, allocatedResourcesStatus = [] }, index) => {
    const container = containers.find((one) => one.name === name);
    return allocatedResourcesStatus.flatMap((resource, place) => {
      const at = path.index(index).child("allocatedResourcesStatus").index(place);
      const errors =
        container && !isAsked(container, resource.name)
          ? [invalid(at.child("name"), resource.name, unasked(resource.name))]
          : [];
      return [...errors, ...validateHealth(resource, at)];
    });
  });
}

/** All container statuses of a pod. */
export function validateContainerStatuses(status: PodStatus, spec: PodSpec, path: Path): FieldError[] {
  const os = spec.os?.name ?? "linux";
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status;
  const [containers, init, ephemeral] = [
    path.child("containerStatuses"),
    path.child("initContainerStatuses"),
    path.child("ephemeralContainerStatuses"),
  ];
  return [
    ...validateUsers(containerStatuses, os, containers),
    ...validateUsers(initContainerStatuses, os, init),
    ...validateUsers(ephemeralContainerStatuses, os, ephemeral),
    ...validateAllocated(containerStatuses, spec.containers, containers),
    ...validateAllocated(initContainerStatuses, spec.initContainers ?? [], init),
    ...ephemeralContainerStatuses.flatMap(({ allocatedResourcesStatus }, index) => {
      if (!allocatedResourcesStatus?.length) return [];
      const at = ephemeral.index(index).child("allocatedResourcesStatus");
      return [forbidden(at, "must not be specified in container status")];
    }),
  ];
}
