/** Upstream's defaults of pods and pod templates (pkg/apis/core/v1/defaults.go). */
import type {
  Container,
  EnvVar,
  EphemeralContainer,
  LifecycleHandler,
  ObjectFieldSelector,
  Pod,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
} from "../../openapi/types/core-v1.ts";
import { isHugePages, isOvercommitAllowed } from "../validation/resource-names.ts";
import { aggregateResources } from "./aggregate.ts";
import { dropDisabledFields } from "./disabled-fields.ts";
import { isLatest } from "./image-name.ts";
import { isPodLevelResource } from "./resources.ts";
import { setVolumeDefaults } from "./volumes/defaults.ts";

type AnyContainer = Container | EphemeralContainer;

function setFieldRefDefaults(selector: ObjectFieldSelector | undefined): void {
  if (selector) selector.apiVersion ||= "v1";
}

function setHttpGetDefaults(handler: LifecycleHandler | undefined): void {
  if (!handler?.httpGet) return;
  handler.httpGet.path ||= "/";
  handler.httpGet.scheme ||= "HTTP";
}

function setProbeDefaults(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  setHttpGetDefaults(probe);
  if (probe.grpc) probe.grpc.service ??= "";
}

function setEnvDefaults(env: EnvVar[] | undefined): void {
  for (const { valueFrom } of env ?? []) {
    setFieldRefDefaults(valueFrom?.fieldRef);
    const file = valueFrom?.fileKeyRef;
    if (file) file.optional ??= false;
    const resource = valueFrom?.resourceFieldRef;
    if (resource) resource.divisor ??= "0";
  }
}

function setContainerDefaults(container: AnyContainer): void {
  container.imagePullPolicy ||= isLatest(container.image ?? "") ? "Always" : "IfNotPresent";
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  setEnvDefaults(container.env);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    setProbeDefaults(probe);
  setHttpGetDefaults(container.lifecycle?.postStart);
  setHttpGetDefaults(container.lifecycle?.preStop);
  if (container.securityContext?.procMount === "") delete container.securityContext.procMount;
}

/** Defaults of everything that pods and templates share. */
export function setPodSpecDefaults(spec: PodSpec): void {
  spec.containers ??= [];
  dropDisabledFields(spec);
  spec.dnsPolicy ||= "ClusterFirst";
  spec.restartPolicy ||= "Always";
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= "default-scheduler";
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    setContainerDefaults(container);
  }
  // The old name of the same thing.
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
}

/** Defaults of a workload's pod template. */
export function setPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (!template) return;
  template.spec ??= { containers: [] };
  setPodSpecDefaults(template.spec);
}

/** Every port of a pod on the host's network is a port of the host. */
function setHostPorts({ containers, initContainers = [] }: PodSpec): void {
  for (const { ports = [] } of [...containers, ...initContainers]) {
    for (const port of ports) port.hostPort ||= port.containerPort;
  }
}

/** A limit without a request is the request. */
function setRequests({ containers, initContainers = [] }: PodSpec): void {
  for (const { resources } of [...containers, ...initContainers]) {
    if (!resources?.limits) continue;
    resources.requests = { ...resources.limits, ...resources.requests };
  }
}

/** The containers' huge pages limit the pod where nothing else says how many it gets. */
function setPodLevelLimits(spec: PodSpec, resources: ResourceRequirements): void {
  if (Object.keys({ ...resources.limits, ...resources.requests }).length === 0) return;
  for (const [name, sum] of aggregateResources(spec, "limits")) {
    if (!isHugePages(name) || resources.requests?.[name] !== undefined || resources.limits?.[name] !== undefined)
      continue;
    resources.limits = { ...resources.limits, [name]: sum.toString() };
  }
}

/** What a pod as a whole asks for: what its containers do, else its limits. */
function setPodLevelRequests(spec: PodSpec, resources: ResourceRequirements): void {
  if (Object.keys(resources.limits ?? {}).length === 0) return;
  const requests = { ...resources.requests };
  for (const [name, sum] of aggregateResources(spec, "requests")) {
    if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= sum.toString();
  }
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    if (isPodLevelResource(name)) requests[name] ??= limit;
  }
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

/** podIP is the first of podIPs; where both are given and differ, podIP wins. */
function syncAddresses(status: PodStatus | undefined): void {
  if (!status) return;
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  else if (!status.podIP && status.podIPs?.[0]) status.podIP = status.podIPs[0].ip;
}

/** Defaults of a Pod. */
export function setPodDefaults(pod: Pod): void {
  pod.spec ??= { containers: [] };
  const { spec } = pod;
  setPodSpecDefaults(spec);
  setRequests(spec);
  if (spec.resources) {
    setPodLevelLimits(spec, spec.resources);
    setPodLevelRequests(spec, spec.resources);
  }
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) setHostPorts(spec);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  syncAddresses(pod.status);
}
