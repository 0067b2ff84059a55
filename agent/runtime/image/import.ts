/** Brings an image that was made on the machine into the node's containerd. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ImageService } from "../cri/client.ts";
import { machinePlatform, type OciImage, ociArchive, ociImage } from "./oci-image.ts";
import { pauseProgram } from "./pause.ts";

const run = promisify(execFile);

/** Imports an image under a full name, for CRI to see. Rejects with what ctr said. */
export async function importImage(socket: string, image: OciImage, name: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-image-"));
  try {
    const archive = join(folder, "image.tar");
    await writeFile(archive, ociArchive(image, name));
    await run("ctr", ["--address", socket, "--namespace", "k8s.io", "images", "import", archive]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes and imports the sandbox image where the runtime does not have it. */
export async function ensureSandboxImage(images: ImageService, socket: string, name: string): Promise<void> {
  if (await images.imageStatus(name)) return;
  const platform = machinePlatform();
  const program = pauseProgram(platform);
  const files = [{ path: "pause", mode: 0o755, content: program }];
  await importImage(socket, ociImage([files], { Entrypoint: ["/pause"] }, platform), name);
}
