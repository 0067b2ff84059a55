/**
 * Values as upstream shows them in messages: its internal types have the fields' Go names, all of them, with null for
 * what is absent.
 */
import type {
  NodeAddress,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodResourceClaim,
  SeccompProfile,
  SecurityContext,
  Taint,
} from "../../openapi/types/core-v1.ts";

/** core.PodResourceClaim */
export const goResourceClaim = (claim: PodResourceClaim) => ({
  Name: claim.name ?? "",
  ResourceClaimName: claim.resourceClaimName ?? null,
  ResourceClaimTemplateName: claim.resourceClaimTemplateName ?? null,
});

/** core.SeccompProfile, and AppArmorProfile, which looks alike. */
export const goProfile = ({ type, localhostProfile }: SeccompProfile) => ({
  Type: type ?? "",
  LocalhostProfile: localhostProfile ?? null,
});

/** core.SecurityContext */
export function goSecurityContext(context: SecurityContext) {
  const { capabilities, seLinuxOptions: linux, windowsOptions: windows, seccompProfile, appArmorProfile } = context;
  return {
    Capabilities: capabilities ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null } : null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: linux
      ? { User: linux.user ?? "", Role: linux.role ?? "", Type: linux.type ?? "", Level: linux.level ?? "" }
      : null,
    WindowsOptions: windows
      ? {
          GMSACredentialSpecName: windows.gmsaCredentialSpecName ?? null,
          GMSACredentialSpec: windows.gmsaCredentialSpec ?? null,
          RunAsUserName: windows.runAsUserName ?? null,
          HostProcess: windows.hostProcess ?? null,
        }
      : null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: seccompProfile ? goProfile(seccompProfile) : null,
    AppArmorProfile: appArmorProfile ? goProfile(appArmorProfile) : null,
  };
}

const goRequirement = ({ key, operator, values }: NodeSelectorRequirement) => ({
  Key: key ?? "",
  Operator: operator ?? "",
  Values: values ?? null,
});

/** core.NodeSelectorTerm */
export const goNodeSelectorTerm = ({ matchExpressions, matchFields }: NodeSelectorTerm) => ({
  MatchExpressions: matchExpressions?.map(goRequirement) ?? null,
  MatchFields: matchFields?.map(goRequirement) ?? null,
});

/** core.Taint */
export const goTaint = ({ key, value, effect, timeAdded }: Taint) => ({
  Key: key ?? "",
  Value: value ?? "",
  Effect: effect ?? "",
  TimeAdded: timeAdded ?? null,
});

/** core.NodeAddress */
export const goNodeAddress = ({ type, address }: NodeAddress) => ({ Type: type ?? "", Address: address ?? "" });
