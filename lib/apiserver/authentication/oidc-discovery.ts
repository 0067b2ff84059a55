/** How others can verify service accounts' tokens (upstream: pkg/serviceaccount/openidmetadata.go). */
import { failure } from "../../apimachinery/errors.ts";
import type { ServerRequest, ServerResponse } from "../../apimachinery/http.ts";
import type { Route } from "../routes.ts";
import { publicJwk, type Signer } from "./signer.ts";

const keysPath = "/openid/v1/jwks";

function document(request: ServerRequest, type: string, body: string): ServerResponse {
  if (request.method !== "GET") {
    throw failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
  }
  const accept = request.header("accept") ?? "*/*";
  const [main] = type.split("/");
  if (!accept.includes("*/*") && !accept.includes(`${main}/*`) && !accept.includes(type)) {
    throw failure(406, "NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${type}`, {});
  }
  return { status: 200, headers: { "Content-Type": type, "Cache-Control": "public, max-age=3600" }, body };
}

/** /.well-known/openid-configuration and /openid/v1/jwks. `server` is the URL under which verifiers find the keys. */
export function oidcDiscoveryRoute(issuer: string, server: string, keys: readonly Signer[]): Route {
  const allKeys = () => Promise.all(keys.map((key) => key.verificationKey()));
  return async (request, { path }) => {
    if (path === keysPath) {
      const keySet = { keys: (await allKeys()).map(publicJwk) };
      return document(request, "application/jwk-set+json", JSON.stringify(keySet));
    }
    if (path !== "/.well-known/openid-configuration") return undefined;
    const configuration = {
      issuer,
      jwks_uri: `${server}${keysPath}`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [...new Set((await allKeys()).map(({ algorithm }) => algorithm))].sort(),
    };
    return document(request, "application/json", JSON.stringify(configuration));
  };
}
