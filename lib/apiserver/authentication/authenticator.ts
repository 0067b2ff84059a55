/** The contract of authenticators (upstream: apiserver/pkg/authentication/authenticator). */
import type { ServerRequest, UserInfo } from "../../apimachinery/http.ts";

/** Tells who sends a request. Undefined: not my kind of credential. Throws a 401 StatusError for a wrong one. */
export interface Authenticator {
  authenticate(request: ServerRequest): Promise<UserInfo | undefined>;
}
