/** Makes and keeps the claims of a StatefulSet's members (upstream: controller/statefulset/stateful_pod_control.go). */
import { deepEqual } from "../../apimachinery/equality.ts";
import { isAlreadyExists } from "../../apimachinery/errors.ts";
import type { OwnerReference } from "../../apimachinery/meta.ts";
import type { Informer } from "../../client/informer.ts";
import type { Client } from "../../client/interface.ts";
import type { StatefulSet } from "../../openapi/types/apps-v1.ts";
import type { PersistentVolumeClaim, Pod } from "../../openapi/types/core-v1.ts";
import { persistentvolumeclaims } from "../../openapi/types/resources.ts";
import type { EventRecorder } from "../event-recorder.ts";
import { claimOwners, draftClaims } from "./identity.ts";

/** What it works with. */
export interface ClaimControl {
  readonly client: Client;
  readonly events: EventRecorder;
  readonly claims: Informer<PersistentVolumeClaim>;
}

/** Makes those that are missing. False while one of a former pod is still on its way out. */
export async function ensureClaims(
  { client, events, claims }: ClaimControl,
  set: StatefulSet,
  ordinal: number,
): Promise<boolean> {
  const podName = `${set.metadata.name}-${ordinal}`;
  for (const draft of draftClaims(set, ordinal)) {
    const { name } = draft.metadata;
    const known = claims.get(`${set.metadata.namespace}/${name}`);
    if (known?.metadata.deletionTimestamp !== undefined) return false;
    if (known !== undefined) continue;
    const what = `Claim ${name} Pod ${podName} in StatefulSet ${set.metadata.name}`;
    const owners = claimOwners(set, undefined, false);
    try {
      await client.create(persistentvolumeclaims, {
        ...draft,
        metadata: { ...draft.metadata, ...(owners.length > 0 ? { ownerReferences: owners } : {}) },
      });
      events.event(set, "Normal", "SuccessfulCreate", `create ${what} success`);
    } catch (error) {
      if (isAlreadyExists(error)) continue;
      events.event(set, "Warning", "FailedCreate", `create ${what} failed error: ${(error as Error).message}`);
      throw error;
    }
  }
  return true;
}

/** Gives a member's claims the owners that the retention policy wants. */
export async function retainClaims(
  { client, claims }: ClaimControl,
  set: StatefulSet,
  pod: Pod,
  ordinal: number,
  condemned: boolean,
): Promise<void> {
  const wanted = claimOwners(set, pod, condemned);
  for (const { metadata } of draftClaims(set, ordinal)) {
    const claim = claims.get(`${set.metadata.namespace}/${metadata.name}`);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) continue;
    const current = claim.metadata.ownerReferences ?? [];
    const isOurs = ({ kind, name }: OwnerReference) =>
      name === (kind === "StatefulSet" ? set.metadata.name : kind === "Pod" ? pod.metadata.name : undefined);
    const others = current.filter((owner) => !isOurs(owner));
    const ownerReferences = [...others, ...wanted];
    if (deepEqual(current, ownerReferences)) continue;
    // Replaced, not patched: upstream's role for this controller has no patch.
    await client.update(persistentvolumeclaims, { ...claim, metadata: { ...claim.metadata, ownerReferences } });
  }
}
