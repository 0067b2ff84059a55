/** The rules of the Pod Security Standards (upstream: pod-security-admission/policy). Each tells what is wrong, or nothing. */
import type { Container, Pod, PodSecurityContext, PodSpec, SecurityContext } from "../../../openapi/types/core-v1.ts";

/** One rule's finding: `privileged (container "c" must not set ...)`. */
export interface Finding {
  readonly reason: string;
  readonly detail: string;
}

type Check = (spec: PodSpec, pod: Pod) => Finding | undefined;
type Context = SecurityContext | PodSecurityContext | undefined;

const quoted = (names: Iterable<string>) => [...names].map((name) => JSON.stringify(name)).join(", ");
const plural = (one: string, count: number) => (count === 1 ? one : `${one}s`);

function containers(spec: PodSpec): Container[] {
  const { initContainers = [], containers: main = [], ephemeralContainers = [] } = spec;
  return [...initContainers, ...main, ...(ephemeralContainers as Container[])];
}

const isLinux = ({ os }: PodSpec) => os?.name !== "windows";

/** The containers for which it holds: `containers "a", "b"`; undefined: none. */
function named(spec: PodSpec, holds: (container: Container) => boolean): string | undefined {
  const names = containers(spec)
    .filter(holds)
    .map(({ name }) => name);
  return names.length === 0 ? undefined : `${plural("container", names.length)} ${quoted(names)}`;
}

/** Who sets it, the pod or containers: `pod and container "c"`. */
function setters(spec: PodSpec, holds: (context: Context) => boolean): string | undefined {
  const who = [holds(spec.securityContext) ? "pod" : undefined, named(spec, (one) => holds(one.securityContext))];
  const found = who.filter((one) => one !== undefined);
  return found.length === 0 ? undefined : found.join(" and ");
}

const values = (spec: PodSpec, pick: (context: Context) => string | undefined, bad: (value: string) => boolean) => {
  const all = [pick(spec.securityContext), ...containers(spec).map((one) => pick(one.securityContext))];
  return [...new Set(all.filter((value) => value !== undefined && bad(value)) as string[])].sort();
};

const hostNamespaces: Check = ({ hostNetwork, hostPID, hostIPC }) => {
  const set = Object.entries({ hostNetwork, hostPID, hostIPC }).filter(([, value]) => value);
  if (set.length === 0) return undefined;
  return { reason: "host namespaces", detail: set.map(([name]) => `${name}=true`).join(", ") };
};

const hostPath: Check = ({ volumes = [] }) => {
  const names = volumes.filter((volume) => volume.hostPath).map(({ name }) => name ?? "");
  if (names.length === 0) return undefined;
  return { reason: "hostPath volumes", detail: `${plural("volume", names.length)} ${quoted(names)}` };
};

const hostPorts: Check = (spec) => {
  const uses = (container: Container) => (container.ports ?? []).some(({ hostPort }) => hostPort);
  const who = named(spec, uses);
  if (!who) return undefined;
  const ports = containers(spec).flatMap((one) => (one.ports ?? []).flatMap(({ hostPort }) => hostPort || []));
  const all = [...new Set(ports)].sort((a, b) => a - b);
  const verb = containers(spec).filter(uses).length === 1 ? "uses" : "use";
  return { reason: "hostPort", detail: `${who} ${verb} ${plural("hostPort", all.length)} ${all.join(", ")}` };
};

const privileged: Check = (spec) => {
  const who = named(spec, ({ securityContext }) => securityContext?.privileged === true);
  return who ? { reason: "privileged", detail: `${who} must not set securityContext.privileged=true` } : undefined;
};

const procMount: Check = (spec) => {
  const bad = ({ securityContext }: Container) => (securityContext?.procMount ?? "Default") !== "Default";
  const who = named(spec, bad);
  if (!who) return undefined;
  const types = [
    ...new Set(
      containers(spec)
        .filter(bad)
        .map((one) => one.securityContext?.procMount ?? ""),
    ),
  ].sort();
  return { reason: "procMount", detail: `${who} must not set securityContext.procMount to ${quoted(types)}` };
};

const baselineCapabilities = new Set([
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
]);

/** Names the containers that add more than is allowed, and what they add. */
function addsBeyond(spec: PodSpec, allowed: (name: string) => boolean): { who: string; added: string } | undefined {
  const beyond = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !allowed(name));
  const who = named(spec, (container) => beyond(container).length > 0);
  if (!who) return undefined;
  return { who, added: quoted([...new Set(containers(spec).flatMap(beyond))].sort()) };
}

const capabilitiesBaseline: Check = (spec) => {
  const found = addsBeyond(spec, (name) => baselineCapabilities.has(name));
  if (!found) return undefined;
  const detail = `${found.who} must not include ${found.added} in securityContext.capabilities.add`;
  return { reason: "non-default capabilities", detail };
};

const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

const seLinux: Check = (spec) => {
  const bad = (context: Context) => {
    const { type = "", user = "", role = "" } = context?.seLinuxOptions ?? {};
    return !seLinuxTypes.includes(type) || user !== "" || role !== "";
  };
  const who = setters(spec, bad);
  if (!who) return undefined;
  const types = values(
    spec,
    (context) => context?.seLinuxOptions?.type,
    (type) => !seLinuxTypes.includes(type),
  );
  const data = types.length > 0 ? [`${plural("type", types.length)} ${quoted(types)}`] : [];
  const contexts = [spec.securityContext, ...containers(spec).map((one) => one.securityContext)];
  if (contexts.some((context) => context?.seLinuxOptions?.user)) data.push("user may not be set");
  if (contexts.some((context) => context?.seLinuxOptions?.role)) data.push("role may not be set");
  return {
    reason: "seLinuxOptions",
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${data.join("; ")}`,
  };
};

const seccompType = (context: Context) => context?.seccompProfile?.type;
const isOtherProfile = (type: string | undefined) =>
  type !== undefined && type !== "RuntimeDefault" && type !== "Localhost";

const seccompBaseline: Check = (spec) => {
  const who = setters(spec, (context) => isOtherProfile(seccompType(context)));
  if (!who) return undefined;
  const types = quoted(values(spec, seccompType, isOtherProfile));
  return { reason: "seccompProfile", detail: `${who} must not set securityContext.seccompProfile.type to ${types}` };
};

const appArmor: Check = (spec) => {
  const type = (context: Context) => context?.appArmorProfile?.type;
  const who = setters(spec, (context) => isOtherProfile(type(context)));
  if (!who) return undefined;
  const types = values(spec, type, isOtherProfile);
  const reason = plural("forbidden AppArmor profile", types.length);
  return { reason, detail: `${who} must not set AppArmor profile type to ${quoted(types)}` };
};

const safeSysctls = new Set([
  ...["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range"],
  ...["net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time"],
  ...["net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"],
  ...["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"],
]);

const sysctls: Check = ({ securityContext }) => {
  const names = (securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safeSysctls.has(name));
  return names.length === 0 ? undefined : { reason: "forbidden sysctls", detail: names.join(", ") };
};

const hostProcess: Check = (spec) => {
  const who = setters(spec, (context) => context?.windowsOptions?.hostProcess === true);
  const text = "must not set securityContext.windowsOptions.hostProcess=true";
  return who ? { reason: "hostProcess", detail: `${who} ${text}` } : undefined;
};

const allowPrivilegeEscalation: Check = (spec) => {
  const who = isLinux(spec) && named(spec, (one) => one.securityContext?.allowPrivilegeEscalation !== false);
  const text = "must set securityContext.allowPrivilegeEscalation=false";
  return who ? { reason: "allowPrivilegeEscalation != false", detail: `${who} ${text}` } : undefined;
};

const capabilitiesRestricted: Check = (spec) => {
  if (!isLinux(spec)) return undefined;
  const details: string[] = [];
  const keeps = named(spec, (one) => !one.securityContext?.capabilities?.drop?.includes("ALL"));
  if (keeps) details.push(`${keeps} must set securityContext.capabilities.drop=["ALL"]`);
  const adds = addsBeyond(spec, (name) => name === "NET_BIND_SERVICE");
  if (adds) details.push(`${adds.who} must not include ${adds.added} in securityContext.capabilities.add`);
  return details.length === 0 ? undefined : { reason: "unrestricted capabilities", detail: details.join("; ") };
};

const freeVolumes = new Set([
  ...["name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim"],
  ...["projected", "secret"],
]);

const restrictedVolumes: Check = ({ volumes = [] }) => {
  const kinds = (volume: object) => Object.keys(volume).filter((kind) => !freeVolumes.has(kind));
  const bad = volumes.filter((volume) => kinds(volume).length > 0);
  if (bad.length === 0) return undefined;
  const types = [...new Set(bad.flatMap(kinds))].sort();
  const who = `${plural("volume", bad.length)} ${quoted(bad.map(({ name }) => name ?? ""))}`;
  const what = `restricted volume ${plural("type", types.length)} ${quoted(types)}`;
  return { reason: "restricted volume types", detail: `${who} ${bad.length === 1 ? "uses" : "use"} ${what}` };
};

const runAsNonRoot: Check = (spec) => {
  const reason = "runAsNonRoot != true";
  const who = setters(spec, (context) => context?.runAsNonRoot === false);
  if (who) return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
  if (spec.securityContext?.runAsNonRoot) return undefined;
  const silent = named(spec, (one) => one.securityContext?.runAsNonRoot === undefined);
  return silent ? { reason, detail: `pod or ${silent} must set securityContext.runAsNonRoot=true` } : undefined;
};

const runAsUser: Check = (spec) => {
  const who = setters(spec, (context) => context?.runAsUser === 0);
  return who ? { reason: "runAsUser=0", detail: `${who} must not set runAsUser=0` } : undefined;
};

const seccompRestricted: Check = (spec, pod) => {
  if (!isLinux(spec)) return undefined;
  const bad = seccompBaseline(spec, pod);
  if (bad || seccompType(spec.securityContext) !== undefined) return bad;
  const silent = named(spec, (one) => seccompType(one.securityContext) === undefined);
  const text = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return silent ? { reason: "seccompProfile", detail: `pod or ${silent} ${text}` } : undefined;
};

const shared: readonly Check[] = [appArmor];
const common: readonly Check[] = [hostNamespaces, hostPath, hostPorts, privileged];
const rest: readonly Check[] = [seLinux];
const last: readonly Check[] = [sysctls, hostProcess];

const levels: Readonly<Record<string, readonly Check[]>> = {
  privileged: [],
  baseline: [...shared, capabilitiesBaseline, ...common, procMount, seccompBaseline, ...rest, ...last],
  restricted: [
    ...[...shared, ...common, procMount, ...rest, ...last, allowPrivilegeEscalation, capabilitiesRestricted],
    ...[restrictedVolumes, runAsNonRoot, runAsUser, seccompRestricted],
  ],
};

/** The names of the levels. */
export const levelNames = Object.keys(levels);

/** What is wrong with the pod on that level. */
export function findings(level: string, pod: Pod): Finding[] {
  const { spec } = pod;
  if (!spec) return [];
  return (levels[level] ?? []).flatMap((check) => check(spec, pod) ?? []);
}
