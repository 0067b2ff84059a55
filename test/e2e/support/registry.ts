/** Image registries on 127.0.0.1 for tests: Debian's docker-registry, with or without a password. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OciImage } from "../../../agent/runtime/image/oci-image.ts";
import { freePort } from "../../support/free-port.ts";

/** Who may pull and push. */
export interface RegistryUser {
  readonly name: string;
  readonly password: string;
}

/** A registry that runs. */
export interface Registry {
  /** `127.0.0.1:PORT`: the first part of its images' names. */
  readonly host: string;
  /** Puts an image in as `NAME:TAG`. */
  push(image: OciImage, name: string, tag: string): Promise<void>;
  /** Content of a Secret of type kubernetes.io/dockerconfigjson that lets a pod pull from it. */
  readonly dockerConfig: string;
  stop(): Promise<void>;
}

const startMs = 10_000;

/** Starts a registry on a free port. With a user, nobody else is let in. */
export async function startRegistry(user?: RegistryUser): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "coracle-registry-"));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "config.yml"), config(folder, host, user));
  if (user) {
    // docker-registry takes bcrypt (-B) alone.
    const line = execFileSync("htpasswd", ["-Bbn", user.name, user.password]);
    writeFileSync(join(folder, "htpasswd"), line);
  }
  const log = openSync(join(folder, "log"), "a");
  const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: ["ignore", log, log] });
  const auth = user ? Buffer.from(`${user.name}:${user.password}`).toString("base64") : undefined;
  await answers(host, child);
  return {
    host,
    push: (image, name, tag) => push(host, auth, image, name, tag),
    dockerConfig: JSON.stringify({ auths: { [host]: { auth } } }),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function config(folder: string, host: string, user: RegistryUser | undefined): string {
  const auth = user ? `auth: {htpasswd: {realm: tests, path: ${folder}/htpasswd}}\n` : "";
  return [
    "version: 0.1",
    "log: {level: warn}",
    `storage: {filesystem: {rootdirectory: ${folder}/data}}`,
    `http: {addr: "${host}", secret: ${createHash("sha256").update(folder).digest("hex")}}`,
    auth,
  ].join("\n");
}

async function answers(host: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + startMs;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    const status = await fetch(`http://${host}/v2/`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200 || status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  child.kill();
  throw new Error(`docker-registry does not answer on ${host}`);
}

/** Uploads blobs and manifest (the distribution API). */
async function push(host: string, auth: string | undefined, image: OciImage, name: string, tag: string): Promise<void> {
  const headers: Record<string, string> = auth ? { Authorization: `Basic ${auth}` } : {};
  const base = `http://${host}/v2/${name}`;
  const call = async (url: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(url, { ...init, headers: { ...headers, ...init.headers } });
    if (!response.ok) throw new Error(`${init.method} ${url}: ${response.status} ${await response.text()}`);
    return response;
  };
  for (const [digest, bytes] of image.blobs) {
    if (digest === image.manifest.digest) continue;
    const begun = await call(`${base}/blobs/uploads/`, { method: "POST" });
    const place = new URL(begun.headers.get("location") ?? "", base);
    place.searchParams.set("digest", digest);
    const body = new Uint8Array(bytes);
    await call(place.href, { method: "PUT", body, headers: { "Content-Type": "application/octet-stream" } });
  }
  const manifest = image.blobs.get(image.manifest.digest) ?? Buffer.alloc(0);
  const type = { "Content-Type": image.manifest.mediaType };
  await call(`${base}/manifests/${tag}`, { method: "PUT", body: new Uint8Array(manifest), headers: type });
}
