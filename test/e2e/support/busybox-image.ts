/** Images for tests, made from Debian's busybox: no registry is asked. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { machinePlatform, type OciImage, ociImage } from "../../../agent/runtime/image/oci-image.ts";
import type { TarEntry } from "../../../agent/runtime/image/tar.ts";

const busybox = "/bin/busybox";

/** busybox with all of its commands, and a shell as its command. */
export function busyboxImage(): OciImage {
  return ociImage([busyboxLayer()], { Cmd: ["sh"], Env: ["PATH=/bin"] }, machinePlatform());
}

/** A web server on port 8080 that answers `/cgi-bin/who` with the pod's name and who asked. */
export function httpdImage(): OciImage {
  const who = '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\necho "$(hostname) from=$REMOTE_ADDR"\n';
  const site: TarEntry[] = [
    { path: "www", mode: 0o755, folder: true },
    { path: "www/index.html", mode: 0o644, content: Buffer.from("hello\n") },
    { path: "www/cgi-bin", mode: 0o755, folder: true },
    { path: "www/cgi-bin/who", mode: 0o755, content: Buffer.from(who) },
  ];
  const config = {
    Cmd: ["httpd", "-f", "-p", "8080", "-h", "/www"],
    Env: ["PATH=/bin"],
    ExposedPorts: { "8080/tcp": {} },
  };
  return ociImage([busyboxLayer(), site], config, machinePlatform());
}

const folder = (path: string, mode = 0o755): TarEntry => ({ path, mode, folder: true });

/**
 * The shared libraries of a program at the paths where it looks for them. Debian's `busybox` has some; its static twin
 * can't be used, since it crashes when it looks up a name.
 */
function libraries(program: string): TarEntry[] {
  const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
  const paths = lines.map((line) => /(\/\S+) \(0x/.exec(line)?.[1]).filter((path) => path !== undefined);
  const folders = new Set(paths.flatMap((path) => parents(path.slice(1))));
  return [
    ...[...folders].sort().map((path) => folder(path)),
    ...paths.map((path) => ({ path: path.slice(1), mode: 0o755, content: readFileSync(path) })),
  ];
}

/** `a/b/c` → `a`, `a/b`. */
function parents(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function busyboxLayer(): TarEntry[] {
  const file = (path: string, text: string): TarEntry => ({ path, mode: 0o644, content: Buffer.from(text) });
  const commands = execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n");
  return [
    ...["bin", "etc", "root", "proc", "sys", "dev", "var"].map((path) => folder(path)),
    folder("tmp", 0o1777),
    { path: "bin/busybox", mode: 0o755, content: readFileSync(busybox) },
    ...libraries(busybox),
    ...commands
      .filter((name) => name !== "busybox")
      .map((name) => ({ path: `bin/${name}`, mode: 0o777, linkTo: "busybox" })),
    file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    file("etc/group", "root:x:0:\nnobody:x:65534:\n"),
  ];
}
