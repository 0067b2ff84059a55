/** Images for tests, made from Debian's busybox: no registry is asked. */
import { machinePlatform, type OciImage, ociImage } from "../../../agent/runtime/image/oci-image.ts";
import { busyboxLayer } from "../../../examples/busybox-layer.ts";
import { httpdImage as imageOfScripts } from "../../../examples/httpd-image.ts";

/** busybox with all of its commands, and a shell as its command. */
export function busyboxImage(): OciImage {
  return ociImage([busyboxLayer()], { Cmd: ["sh"], Env: ["PATH=/bin"] }, machinePlatform());
}

/** A web server on port 8080 that answers `/cgi-bin/who` with the pod's name and who asked. */
export function httpdImage(): OciImage {
  const who = '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\necho "$(hostname) from=$REMOTE_ADDR"\n';
  return imageOfScripts({ who });
}
