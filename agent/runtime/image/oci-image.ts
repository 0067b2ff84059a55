/** Makes OCI images from files in memory, as one archive that `ctr images import` takes (image-spec: image-layout). */
import { createHash } from "node:crypto";
import { type TarEntry, tar } from "./tar.ts";

/** The platform as the image format names it. */
export interface Platform {
  readonly architecture: "amd64" | "arm64";
  readonly os: "linux";
}

/** What a container of the image runs unless told otherwise. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
}

/** An image: the blobs by digest, and the manifest's descriptor. */
export interface OciImage {
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly manifest: Descriptor;
}

/** Points at a blob. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar";

const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** The image of some layers, lowest first. The same input gives the same digests. */
export function ociImage(layers: readonly (readonly TarEntry[])[], config: ImageConfig, platform: Platform): OciImage {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const layerDescriptors = layers.map((entries) => add(layerType, tar(entries)));
  const rootfs = { type: "layers", diff_ids: layerDescriptors.map(({ digest }) => digest) };
  const history = layers.map(() => ({ created_by: "coracle" }));
  const configText = JSON.stringify({ ...platform, config, rootfs, history });
  const configDescriptor = add(configType, Buffer.from(configText));
  const manifestText = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: configDescriptor,
    layers: layerDescriptors,
  });
  return { blobs, manifest: add(manifestType, Buffer.from(manifestText)) };
}

/** The archive of an image under a full name: `HOST/PATH:TAG`. */
export function ociArchive(image: OciImage, name: string): Buffer {
  const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.split(":").at(-1) };
  const index = { schemaVersion: 2, manifests: [{ ...image.manifest, annotations }] };
  const file = (path: string, content: Uint8Array): TarEntry => ({ path, mode: 0o644, content });
  return tar([
    file("oci-layout", Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" }))),
    file("index.json", Buffer.from(JSON.stringify(index))),
    ...[...image.blobs].map(([digest, bytes]) => file(`blobs/sha256/${digest.slice("sha256:".length)}`, bytes)),
  ]);
}

/** The platform of this machine. Throws where no image could be made for it. */
export function machinePlatform(arch: string = process.arch): Platform {
  if (arch === "x64") return { architecture: "amd64", os: "linux" };
  if (arch === "arm64") return { architecture: "arm64", os: "linux" };
  throw new Error(`machines with ${arch} processors can't be nodes: only amd64 and arm64 can`);
}
