/**
 * A request and its response between a transport (HTTPS server, Lambda, in-process client) and the API core: the part
 * of the web-standard Request and Response that the core needs, without the cost of building them.
 */

/** The certificate that a client showed and TLS has verified against the cluster's CA. */
export interface ClientCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** SHA-256 of the certificate, in lower-case hex: names the credential. */
  readonly fingerprint?: string;
}

/** A request as the core sees it. A web-standard Request fits, but for `path` and `bytes`. */
export interface ServerRequest {
  readonly method: string;
  /** Path and query, percent-encoded as sent: `/api/v1/pods?limit=5`. */
  readonly path: string;
  /** Header by lower-case name; several values joined with ", ". */
  header(name: string): string | undefined;
  /** All values of a header that may be sent several times (Impersonate-Group). */
  headerValues(name: string): readonly string[];
  /** The names of all headers, lower case. */
  headerNames(): readonly string[];
  /** The whole body. Rejects with a 413 StatusError where it has more than `limit` bytes. */
  bytes(limit: number): Promise<Uint8Array>;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  readonly certificate?: ClientCertificate;
  /** Set by an in-process caller that has been authenticated already (a controller, say). */
  readonly user?: UserInfo;
  readonly remoteAddress?: string;
}

/** A response. A streamed body is sent chunk by chunk, the head at once. */
export interface ServerResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

const decoder = new TextDecoder();

/** The whole of a body as text, read to its end. */
export async function responseText(body: ServerResponse["body"]): Promise<string> {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return decoder.decode(body);
  const streaming = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += typeof chunk === "string" ? chunk : streaming.decode(chunk, { stream: true });
  return text + streaming.decode();
}

/** What answers requests. Never rejects: an error is a response too. */
export type Handler = (request: ServerRequest) => Promise<ServerResponse>;

/** Who a request comes from (upstream: authentication/user.Info). */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}
