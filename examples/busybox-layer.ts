/** A layer made of this machine's busybox (Debian's package), for images that need no registry. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { TarEntry } from "../agent/runtime/image/tar.ts";

const busybox = "/bin/busybox";

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

/** busybox with all of its commands, and the folders that programs expect. */
export function busyboxLayer(): TarEntry[] {
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
