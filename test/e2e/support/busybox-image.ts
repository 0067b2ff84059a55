/** Images for tests, made from Debian's busybox: no registry is asked. */
import { machinePlatform, type OciImage, ociImage } from "../../../agent/runtime/image/oci-image.ts";
import type { TarEntry } from "../../../agent/runtime/image/tar.ts";
import { busyboxLayer } from "../../../examples/busybox-layer.ts";

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
