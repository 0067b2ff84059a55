/** A web server as an image, made from this machine's busybox, so that no registry is needed. */
import { machinePlatform, type OciImage, ociImage } from "../agent/runtime/image/oci-image.ts";
import type { TarEntry } from "../agent/runtime/image/tar.ts";
import { busyboxLayer } from "./busybox-layer.ts";

/** Serves on port 8080: "/" says that it is there, and each CGI script, by its name, answers below "/cgi-bin". */
export function httpdImage(scripts: Readonly<Record<string, string>>): OciImage {
  const site: TarEntry[] = [
    { path: "www", mode: 0o755, folder: true },
    { path: "www/index.html", mode: 0o644, content: Buffer.from("hello\n") },
    { path: "www/cgi-bin", mode: 0o755, folder: true },
    ...Object.entries(scripts).map(([name, script]) => ({
      path: `www/cgi-bin/${name}`,
      mode: 0o755,
      content: Buffer.from(script),
    })),
  ];
  const config = {
    Cmd: ["httpd", "-f", "-p", "8080", "-h", "/www"],
    Env: ["PATH=/bin"],
    ExposedPorts: { "8080/tcp": {} },
  };
  return ociImage([busyboxLayer(), site], config, machinePlatform());
}
