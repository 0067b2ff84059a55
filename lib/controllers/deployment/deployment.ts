/** Rolls out a Deployment's template through ReplicaSets (upstream: controller/deployment). */
import { semanticEqual } from "../../apimachinery/equality.ts";
import { labelSelectorAsSelector } from "../../apimachinery/labels.ts";
import { controllerOf, keyOf, splitKey } from "../../apimachinery/meta.ts";
import type { Deployment, ReplicaSet } from "../../openapi/types/apps-v1.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import { deployments, pods, replicasets } from "../../openapi/types/resources.ts";
import { claimObjects } from "../claim.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { OwnWrites } from "../own-writes.ts";
import { controllerKey, indexByController, orphansIn, ownedBy } from "../owned.ts";
import { Rollout } from "./rollout.ts";
import { byAge } from "./scaling.ts";
import { deadlineCheckMs } from "./status.ts";

const unseenRetryMs = 1000;

/** The controller; its keys are those of Deployments. */
export function createDeploymentController(context: ControllerContext): Controller {
  return new DeploymentController(context);
}

class DeploymentController implements Controller {
  readonly name = "deployment-controller";
  readonly sources = [
    source(deployments, ownKey),
    source(replicasets, (change: Change<ReplicaSet>) => this.#setKeys(change)),
    source(pods, (change: Change<Pod>) => this.#podKeys(change)),
  ];
  readonly #context: ControllerContext;
  readonly #writes = new OwnWrites();

  constructor(context: ControllerContext) {
    this.#context = context;
    indexByController(this.#sets);
    indexByController(this.#pods);
  }

  get #deployments() {
    return this.#context.informers.get(deployments);
  }

  get #sets() {
    return this.#context.informers.get(replicasets);
  }

  get #pods() {
    return this.#context.informers.get(pods);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const deployment = this.#deployments.get(key);
    if (deployment === undefined) {
      this.#writes.forget(key);
      return undefined;
    }
    if (!this.#writes.seen(key)) return { requeueAfterMs: unseenRetryMs };
    const { selector } = deployment.spec;
    if (semanticEqual(selector, {})) return this.#refuse(deployment);
    const sets = await this.#claim(key, deployment);
    const { client, events, clock } = this.#context;
    const rollout = new Rollout({
      client,
      events,
      now: clock.now(),
      deployment,
      sets: byAge(sets),
      findSet: (name) => this.#sets.get(`${deployment.metadata.namespace}/${name}`),
      podsOf: (set) => ownedBy(this.#pods, set.metadata.uid),
      wroteSet: (set) => this.#writes.wrote(key, this.#sets, set),
      wroteDeployment: (written) => this.#writes.wrote(key, this.#deployments, written),
    });
    const unchanged = await rollout.run();
    const next = unchanged === undefined ? undefined : deadlineCheckMs(deployment, unchanged, clock.now());
    return next === undefined ? undefined : { requeueAfterMs: next };
  }

  async #refuse(deployment: Deployment): Promise<undefined> {
    const { client, events } = this.#context;
    const message = "This deployment is selecting all pods. A non-empty selector is required.";
    events.event(deployment, "Warning", "SelectingAll", message);
    const { generation = 0 } = deployment.metadata;
    if ((deployment.status?.observedGeneration ?? 0) >= generation) return;
    const status = { ...deployment.status, observedGeneration: generation };
    await client.update(deployments, { ...deployment, status }, { subresource: "status" });
  }

  #claim(key: string, deployment: Deployment): Promise<ReplicaSet[]> {
    const { uid, namespace } = deployment.metadata;
    const claim = {
      client: this.#context.client,
      owner: deployment,
      ownerResource: deployments,
      resource: replicasets,
      selector: labelSelectorAsSelector(deployment.spec.selector),
      onWrite: (set: ReplicaSet) => this.#writes.wrote(key, this.#sets, set),
    };
    return claimObjects(claim, [...ownedBy(this.#sets, uid), ...orphansIn(this.#sets, namespace)]);
  }

  #setKeys({ object, old }: Change<ReplicaSet>): Set<string> {
    const keys = new Set<string>();
    for (const set of [object, old]) {
      const key = controllerKey(deployments, set);
      if (key !== undefined) keys.add(key);
    }
    if (object === undefined || controllerOf(object) !== undefined) return keys;
    for (const deployment of this.#deployments.list(object.metadata.namespace)) {
      const selector = labelSelectorAsSelector(deployment.spec.selector);
      if (selector.matches(object.metadata.labels ?? {})) keys.add(keyOf(deployment));
    }
    return keys;
  }

  /** Recreate waits for old pods to be gone; nothing else of pods interests a Deployment. */
  *#podKeys({ object, old }: Change<Pod>): Iterable<string> {
    if (object !== undefined || old === undefined) return;
    const setKey = controllerKey(replicasets, old);
    if (setKey === undefined) return;
    const owner = controllerOf(old);
    const set = this.#sets.get(setKey);
    const key = set?.metadata.uid === owner?.uid ? controllerKey(deployments, set) : undefined;
    if (key === undefined) {
      // Its ReplicaSet is gone too: whoever recreates in the namespace may have waited for it.
      for (const deployment of this.#deployments.list(splitKey(setKey).namespace)) {
        if (deployment.spec.strategy?.type === "Recreate") yield keyOf(deployment);
      }
    } else if (this.#deployments.get(key)?.spec.strategy?.type === "Recreate") yield key;
  }
}
