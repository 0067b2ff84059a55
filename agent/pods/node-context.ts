/** What all pods of a node share. */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import type { EventRecorder } from "../../lib/client/event-recorder.ts";
import type { Container, Node, Pod, Service } from "../../lib/openapi/types/core-v1.ts";
import type { RuntimeService } from "../runtime/cri/client.ts";
import type { BackOff } from "./back-off.ts";
import type { ClusterDns, ResolvConf } from "./dns-config.ts";
import type { PodFolders } from "./folders.ts";
import type { Images } from "./images.ts";
import type { Prober } from "./probes/prober.ts";
import type { References } from "./references.ts";
import type { PodStatuses } from "./status-writer.ts";
import type { Volumes } from "./volumes/volumes.ts";

/** Everything a pod's worker needs. */
export interface NodeContext {
  readonly nodeName: string;
  readonly hostname: string;
  readonly runtime: RuntimeService;
  readonly images: Images;
  readonly imageStatus: (name: string) => Promise<import("../runtime/cri/messages.ts").Image | undefined>;
  readonly volumes: Volumes;
  readonly references: References;
  readonly prober: Prober;
  readonly statuses: PodStatuses;
  readonly recorder: EventRecorder;
  readonly folders: PodFolders;
  readonly clock: Clock;
  readonly random: Random;
  readonly crashBackOff: BackOff;
  readonly cgroupParent: string;
  readonly memoryCapacity: number;
  readonly clusterDns: ClusterDns;
  readonly machineDns: () => ResolvConf;
  readonly hostIps: () => readonly string[];
  readonly node: () => Node | undefined;
  readonly services: () => readonly Service[];
  /** Resolves when Services are known: their variables must be in the first container already. */
  readonly servicesSynced: Promise<void>;
  /** The other pods that hold resources of the node. */
  readonly others: (podUid: string) => readonly Pod[];
  readonly log: (message: string, error?: unknown) => void;
}

/** The part of a pod that an Event is about. */
export function containerFieldPath(pod: Pod, container: Pick<Container, "name">): string {
  const init = (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);
  return `spec.${init ? "initContainers" : "containers"}{${container.name}}`;
}

/** `name_namespace(uid)`: how messages name a pod. */
export function podText({ metadata: { name, namespace, uid } }: Pod): string {
  return `${name}_${namespace}(${uid})`;
}
