/** Upstream's defaults of pods and pod templates (pkg/apis/core/v1/defaults.go). */
import type {
  Container,
  EnvVar,
  EphemeralContainer,
  LifecycleHandler,
  ObjectFieldSelector,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  Volume,
} from "../../openapi/types/core-v1.ts";
import { isLatest } from "./image-name.ts";
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
  spec.dnsPolicy ||= "ClusterFirst";
  spec.restartPolicy ||= "Always";
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= "default-scheduler";
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume as Volume);
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    setContainerDefaults(container);
  }
  // The old name of the same thing.
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  if (spec.hostNetwork) setHostPorts(spec);
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

/** Pod-level limits become pod-level requests where neither pod nor containers ask. */
function setPodLevelRequests(spec: PodSpec): void {
  const { resources } = spec;
  if (!resources?.limits) return;
  for (const [name, limit] of Object.entries(resources.limits)) {
    if (resources.requests?.[name] !== undefined) continue;
    const asked = spec.containers.some((container) => container.resources?.requests?.[name] !== undefined);
    if (asked) continue;
    resources.requests = { ...resources.requests, [name]: limit };
  }
}

/** Defaults of a Pod. */
export function setPodDefaults(pod: Pod): void {
  pod.spec ??= { containers: [] };
  setPodSpecDefaults(pod.spec);
  setRequests(pod.spec);
  setPodLevelRequests(pod.spec);
  pod.spec.enableServiceLinks ??= true;
}
