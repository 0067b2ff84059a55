/** Sets up a pod's volumes and takes them down again (upstream: kubelet/volumemanager). */
import { chmod, chown, mkdir, rm, stat } from "node:fs/promises";
import { parseQuantity } from "../../../lib/apimachinery/quantity.ts";
import type { Container, Pod, Volume } from "../../../lib/openapi/types/core-v1.ts";
import type { Mount } from "../../runtime/cri/messages.ts";
import type { PodPlace } from "../fields.ts";
import type { PodFolders } from "../folders.ts";
import type { References } from "../references.ts";
import { isWritten, writeAtomically } from "./atomic-writer.ts";
import { type ContentSources, volumeContent } from "./content.ts";
import { checkHostPath } from "./host-path.ts";
import { ensureMemory, unmountUnder } from "./mounts.ts";
import { resolveSubPath } from "./sub-path.ts";
import type { Tokens } from "./tokens.ts";

/** What volumes are made with. */
export interface VolumesOptions {
  readonly folders: PodFolders;
  readonly references: References;
  readonly tokens: Tokens;
  readonly allocatable: () => Record<string, string>;
  /** Told of a volume that could not be brought up to date, and goes on with what it holds. */
  readonly onStale?: (pod: Pod, error: VolumeError) => void;
}

/** A volume on the machine. */
export interface MountedVolume {
  readonly path: string;
  readonly readOnly: boolean;
}

/** A pod's volumes by name. */
export type MountedVolumes = ReadonlyMap<string, MountedVolume>;

/** A volume that could not be set up; the message is the FailedMount event's. */
export class VolumeError extends Error {
  override name = "VolumeError";
}

/** The volumes of all pods. */
export class Volumes {
  readonly #options: VolumesOptions;

  constructor(options: VolumesOptions) {
    this.#options = options;
  }

  /**
   * Brings all volumes of a pod to what they should hold now. One that holds something and can't be brought up to date
   * stays as it is, as upstream has it: its pod's containers are started again also while the control plane is away.
   * Rejects with VolumeError.
   */
  async mount(pod: Pod, place: PodPlace): Promise<MountedVolumes> {
    const mounted = new Map<string, MountedVolume>();
    for (const volume of pod.spec.volumes ?? []) {
      try {
        mounted.set(volume.name, await this.#mountOne(pod, volume, place));
      } catch (error) {
        const text = `MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`;
        const path = this.#contentPath(pod, volume);
        if (path === undefined || !(await isWritten(path))) throw new VolumeError(text);
        this.#options.onStale?.(pod, new VolumeError(text));
        mounted.set(volume.name, { path, readOnly: true });
      }
    }
    return mounted;
  }

  /** Unmounts and removes everything of a pod. */
  async unmount(podUid: string): Promise<void> {
    const { folders, references, tokens } = this.#options;
    references.release(podUid);
    tokens.release(podUid);
    await unmountUnder(folders.pod(podUid));
    await rm(folders.pod(podUid), { recursive: true, force: true });
  }

  async #mountOne(pod: Pod, volume: Volume, place: PodPlace): Promise<MountedVolume> {
    const { folders } = this.#options;
    const { uid } = pod.metadata;
    if (volume.hostPath) {
      await checkHostPath(volume.hostPath.path, volume.hostPath.type);
      return { path: volume.hostPath.path, readOnly: false };
    }
    if (volume.emptyDir) {
      const path = folders.volume(uid, "empty-dir", volume.name);
      await emptyDir(path, volume.emptyDir, pod.spec.securityContext?.fsGroup);
      return { path, readOnly: false };
    }
    const path = this.#contentPath(pod, volume);
    if (path === undefined) throw new Error("no volume plugin matched");
    const files = (await volumeContent(pod, volume, this.#sources(pod, place))) ?? new Map();
    // What may be secret never reaches a disk.
    if (volume.secret || volume.projected) await ensureMemory(path, "1777");
    else await mkdir(path, { recursive: true, mode: 0o777 });
    await writeAtomically(path, files, pod.spec.securityContext?.fsGroup);
    return { path, readOnly: true };
  }

  /** Where a volume is whose files are written here; undefined of others. */
  #contentPath({ metadata: { uid } }: Pod, { name, configMap, secret, projected, downwardAPI }: Volume) {
    const plugin = configMap
      ? "configmap"
      : secret
        ? "secret"
        : projected
          ? "projected"
          : downwardAPI
            ? "downward-api"
            : undefined;
    return plugin === undefined ? undefined : this.#options.folders.volume(uid, plugin, name);
  }

  #sources(pod: Pod, place: PodPlace): ContentSources {
    const { references, tokens, allocatable } = this.#options;
    return {
      configMap: (name) => references.configMap(pod, name),
      secret: (name) => references.secret(pod, name),
      token: (audience, seconds) => tokens.get(pod, audience, seconds),
      place,
      allocatable: allocatable(),
    };
  }
}

async function emptyDir(path: string, source: { medium?: string; sizeLimit?: string }, group?: number): Promise<void> {
  const size = source.sizeLimit === undefined ? undefined : Number(parseQuantity(source.sizeLimit).value());
  if (source.medium === "Memory") await ensureMemory(path, "1777", size || undefined);
  const made = await mkdir(path, { recursive: true });
  if (made === undefined && source.medium !== "Memory" && (await stat(path)).mode & 0o002) return;
  if (group !== undefined) await chown(path, 0, group);
  await chmod(path, group === undefined ? 0o777 : 0o2777);
}

/** The mounts of a container's volumes. Rejects with an Error, shown as CreateContainerConfigError. */
export async function volumeMounts(
  container: Container,
  mounted: MountedVolumes,
  expandPath: (text: string) => string,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = mounted.get(mount.name);
    if (volume === undefined)
      throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    const subPath = mount.subPathExpr ? expandPath(mount.subPathExpr) : (mount.subPath ?? "");
    const hostPath = subPath === "" ? volume.path : await resolveSubPath(volume.path, subPath);
    mounts.push({
      containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      hostPath,
      readonly: volume.readOnly || (mount.readOnly ?? false),
      propagation: propagation[mount.mountPropagation ?? "None"],
    });
  }
  return mounts;
}

const propagation: Record<string, Mount["propagation"]> = {
  None: "PROPAGATION_PRIVATE",
  HostToContainer: "PROPAGATION_HOST_TO_CONTAINER",
  Bidirectional: "PROPAGATION_BIDIRECTIONAL",
};
