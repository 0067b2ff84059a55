/** gzip of large answers (upstream: apiserver/pkg/endpoints/handlers/responsewriters), which no gateway does for us. */
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { ServerRequest, ServerResponse } from "../../apimachinery/http.ts";

/** Smaller answers are sent as they are. */
export const gzipThresholdBytes = 128 * 1024;

const compress = promisify(gzip);

/** An answer whose body is there as a whole. */
export interface WholeResponse extends ServerResponse {
  readonly body: Uint8Array;
}

/** Whether the client takes gzip (an `Accept-Encoding` with it, not forbidden by `q=0`). */
export function acceptsGzip(request: Pick<ServerRequest, "header">): boolean {
  const codings = (request.header("accept-encoding") ?? "").toLowerCase().split(",");
  return codings.some((coding) => {
    const [name, ...parameters] = coding.split(";").map((part) => part.trim());
    return name === "gzip" && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** The answer, compressed where it is large and the client takes it. */
export async function compressed(
  request: Pick<ServerRequest, "header">,
  response: WholeResponse,
): Promise<WholeResponse> {
  const { body, headers } = response;
  const isEncoded = Object.keys(headers).some((name) => name.toLowerCase() === "content-encoding");
  if (body.length <= gzipThresholdBytes || isEncoded || !acceptsGzip(request)) return response;
  const small = await compress(body, { level: constants.Z_BEST_SPEED });
  const { Vary = [] } = headers;
  const vary = [...(typeof Vary === "string" ? [Vary] : Vary), "Accept-Encoding"];
  return { ...response, headers: { ...headers, "Content-Encoding": "gzip", Vary: vary }, body: small };
}
