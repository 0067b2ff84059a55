/** Which tokens a node may ask for: of its pods' accounts, bound to the pod, for audiences that the pod mounts. */
import type { TokenRequest } from "../../../openapi/types/authentication-v1.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from "../../../openapi/types/core-v1.ts";
import { csidrivers, persistentvolumeclaims, persistentvolumes } from "../../../openapi/types/resources.ts";
import type { CSIDriver } from "../../../openapi/types/storage-v1.ts";
import { denied } from "../denial.ts";
import type { Attributes } from "../plugin.ts";
import { storedPod } from "./pod.ts";

async function driverOfClaim({ context, namespace }: Attributes, claim: string): Promise<string | undefined> {
  const { objects } = context;
  const found = (await objects.get(persistentvolumeclaims, namespace, claim)) as PersistentVolumeClaim | undefined;
  if (!found?.spec?.volumeName) return undefined;
  const volume = (await objects.get(persistentvolumes, "", found.spec.volumeName)) as PersistentVolume | undefined;
  return volume?.spec?.csi?.driver;
}

async function driverOf(volume: Volume, pod: Pod, attributes: Attributes): Promise<string | undefined> {
  if (volume.csi) return volume.csi.driver;
  if (volume.ephemeral) return driverOfClaim(attributes, `${pod.metadata.name}-${volume.name}`);
  if (!volume.persistentVolumeClaim) return undefined;
  return driverOfClaim(attributes, volume.persistentVolumeClaim.claimName);
}

async function mounts(pod: Pod, audience: string, attributes: Attributes): Promise<boolean> {
  const volumes = pod.spec?.volumes ?? [];
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  const tokens = sources.flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
  if (tokens.some((token) => (token.audience ?? "") === audience)) return true;
  for (const volume of volumes) {
    const name = await driverOf(volume, pod, attributes);
    if (!name) continue;
    const driver = (await attributes.context.objects.get(csidrivers, "", name)) as CSIDriver | undefined;
    if (driver?.spec.tokenRequests?.some((request) => request.audience === audience)) return true;
  }
  return false;
}

async function checkAudience(pod: Pod, audiences: readonly string[], attributes: Attributes): Promise<void> {
  if (audiences.length > 1) throw denied(attributes, "node may only request 0 or 1 audiences");
  const [audience = ""] = audiences;
  if (await mounts(pod, audience, attributes)) return;
  const { user, namespace, name, context } = attributes;
  const verb = "request-serviceaccounts-token-audience";
  const asked = { user, verb, namespace, group: "", version: "v1", resource: audience, subresource: "", name };
  if ((await context.access?.authorize(asked))?.decision === "allow") return;
  const shown = JSON.stringify(audience);
  const text = `audience ${shown} not found in pod spec volume, ${user.username} is not authorized to request tokens for this audience`;
  throw denied(attributes, text);
}

/** serviceaccounts/token */
export async function admitToken(node: string, attributes: Attributes): Promise<void> {
  const { spec } = attributes.object as unknown as TokenRequest;
  const ref = spec.boundObjectRef;
  if (ref?.apiVersion !== "v1" || ref.kind !== "Pod" || !ref.name) {
    throw denied(attributes, "node requested token not bound to a pod");
  }
  if (!ref.uid) throw denied(attributes, "node requested token with a pod binding without a uid");
  const pod = await storedPod(attributes, ref.name);
  if (ref.uid !== pod.metadata.uid) {
    const text = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw denied(attributes, text);
  }
  if (pod.spec?.nodeName !== node) {
    throw denied(attributes, "node requested token bound to a pod scheduled on a different node");
  }
  await checkAudience(pod, spec.audiences ?? [], attributes);
}
