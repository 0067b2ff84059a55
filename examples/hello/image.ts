/** The image of the example: a page served by this machine's busybox, so that no registry is needed. */
import { machinePlatform, type OciImage, ociImage } from "../../agent/runtime/image/oci-image.ts";
import type { TarEntry } from "../../agent/runtime/image/tar.ts";
import { busyboxLayer } from "../busybox-layer.ts";

const page = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
echo "\${GREETING:-Hello}, this is pod $(hostname)"
`;

/** Serves on port 8080: "/" says that it is there, "/cgi-bin/hello" greets and names the pod. */
export function helloImage(): OciImage {
  const site: TarEntry[] = [
    { path: "www", mode: 0o755, folder: true },
    { path: "www/index.html", mode: 0o644, content: Buffer.from("hello\n") },
    { path: "www/cgi-bin", mode: 0o755, folder: true },
    { path: "www/cgi-bin/hello", mode: 0o755, content: Buffer.from(page) },
  ];
  const config = {
    Cmd: ["httpd", "-f", "-p", "8080", "-h", "/www"],
    Env: ["PATH=/bin"],
    ExposedPorts: { "8080/tcp": {} },
  };
  return ociImage([busyboxLayer(), site], config, machinePlatform());
}
