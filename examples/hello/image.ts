/** The image of the example. */
import type { OciImage } from "../../agent/runtime/image/oci-image.ts";
import { httpdImage } from "../httpd-image.ts";

const page = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
echo "\${GREETING:-Hello}, this is pod $(hostname)"
`;

/** Serves on port 8080: "/" says that it is there, "/cgi-bin/hello" greets and names the pod. */
export function helloImage(): OciImage {
  return httpdImage({ hello: page });
}
