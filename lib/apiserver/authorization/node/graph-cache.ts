/** Keeps a NodeGraph as the store is, from the first question on. */
import type { PersistentVolume, Pod } from "../../../openapi/types/core-v1.ts";
import type { ResourceSlice } from "../../../openapi/types/resource-v1.ts";
import type { VolumeAttachment } from "../../../openapi/types/storage-v1.ts";
import { type CacheFeed, CacheGroup, type Changed } from "../collection-cache.ts";
import { NodeGraph } from "./graph.ts";

/** Nodes and what they may read, kept current. */
export function graphCache(cluster: string, feed: CacheFeed): CacheGroup<NodeGraph> {
  const graph = new NodeGraph();
  const pod: Changed = (key, object) => graph.setPod(key, object as Pod | undefined);
  const volume: Changed = (key, object) => graph.setVolume(key, object as PersistentVolume | undefined);
  const attachment: Changed = (key, object) => graph.setAttachment(key, object as VolumeAttachment | undefined);
  const slice: Changed = (key, object) => graph.setSlice(key, object as ResourceSlice | undefined);
  return new CacheGroup(graph, feed, [
    [{ cluster, group: "", resource: "pods" }, pod],
    [{ cluster, group: "", resource: "persistentvolumes" }, volume],
    [{ cluster, group: "storage.k8s.io", resource: "volumeattachments" }, attachment],
    [{ cluster, group: "resource.k8s.io", resource: "resourceslices" }, slice],
  ]);
}
