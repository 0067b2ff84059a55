/**
 * IAM's bearer tokens: `k8s-aws-v1.` and the base64url of a URL that its owner has signed, which tells whoever asks STS
 * who has (upstream: aws-iam-authenticator's pkg/token, Verify). Everything that can be said of a token without STS is
 * checked here, so that the server asks nobody but STS, for nothing but this.
 */

/** A token that looks like IAM's and is not good. The message has parameters' names and the host, no more of it. */
export class InvalidIamToken extends Error {
  override name = "InvalidIamToken";
  constructor(message: string) {
    super(`input token was not properly formatted: ${message}`);
  }
}

/** A token's URL. */
export interface PresignedUrl {
  readonly url: string;
  readonly accessKeyId: string;
}

/** The header by which a token names the cluster that it is for. */
export const clusterIdHeader = "x-k8s-aws-id";

const prefix = "k8s-aws-v1.";
const maxTokenBytes = 4096;
const lifeMs = 15 * 60_000;
/** How far a caller's clock may be ahead: as far as STS lets it. */
const aheadMs = 5 * 60_000;

const required = [
  "action",
  "version",
  "x-amz-algorithm",
  "x-amz-credential",
  "x-amz-date",
  "x-amz-expires",
  "x-amz-signature",
  "x-amz-signedheaders",
];
/** Of temporary credentials. */
const optional = ["x-amz-security-token"];

/**
 * The URL of a token; undefined: no token of this kind. `isAllowedOrigin` knows the origins (`https://HOST`) that may
 * be asked; `now` is in milliseconds since the epoch. Throws InvalidIamToken.
 */
export function presignedUrlOf(
  token: string,
  isAllowedOrigin: (origin: string) => boolean,
  now: number,
): PresignedUrl | undefined {
  if (!token.startsWith(prefix)) return undefined;
  if (token.length > maxTokenBytes) throw new InvalidIamToken("token is too large");
  const text = token.slice(prefix.length);
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new InvalidIamToken("illegal base64 data");
  const url = Buffer.from(text, "base64url").toString("latin1");
  const query = queryOf(url, isAllowedOrigin);
  const parameters = parametersOf(query);
  checkParameters(parameters);
  checkTime(parameters, now);
  return { url, accessKeyId: (parameters.get("x-amz-credential") ?? "").split("/")[0] };
}

/**
 * The query of a URL of STS. It is read as text, not parsed and written again: what is checked is what is sent, and
 * what parsers read differently (user names, ports, fragments, backslashes) is no such URL.
 */
function queryOf(url: string, isAllowedOrigin: (origin: string) => boolean): string {
  const [, scheme, host = "", path = "", query = ""] =
    /^([a-z]+):\/\/([A-Za-z0-9.:-]+)(\/?[^?]*)\??([A-Za-z0-9._~%&=+/:@!$(),*-]*)$/.exec(url) ?? [];
  if (scheme === undefined) throw new InvalidIamToken("malformed URL");
  if (!isAllowedOrigin(`${scheme}://${host}`)) {
    if (scheme !== "https") throw new InvalidIamToken(`unexpected scheme ${JSON.stringify(scheme)} in pre-signed URL`);
    throw new InvalidIamToken(`unexpected hostname ${JSON.stringify(host)} in pre-signed URL`);
  }
  if (path !== "/") throw new InvalidIamToken("unexpected path in pre-signed URL");
  return query;
}

/** The parameters by their names in lower case, in which they must differ. */
function parametersOf(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split("&").filter((part) => part !== "")) {
    const equals = pair.indexOf("=");
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    if (!required.includes(name) && !optional.includes(name)) {
      throw new InvalidIamToken(`non-whitelisted query parameter ${JSON.stringify(name)}`);
    }
    if (parameters.has(name)) throw new InvalidIamToken(`duplicate query parameter found: ${JSON.stringify(name)}`);
    parameters.set(name, equals < 0 ? "" : decoded(pair.slice(equals + 1)));
  }
  return parameters;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new InvalidIamToken("malformed query parameter");
  }
}

function checkParameters(parameters: ReadonlyMap<string, string>): void {
  for (const name of required) {
    if (!parameters.get(name)) throw new InvalidIamToken(`missing query parameter ${JSON.stringify(name)}`);
  }
  if (parameters.get("action") !== "GetCallerIdentity") {
    throw new InvalidIamToken("unexpected action parameter in pre-signed URL");
  }
  const signed = (parameters.get("x-amz-signedheaders") ?? "").toLowerCase().split(";");
  for (const header of ["host", clusterIdHeader]) {
    if (signed.includes(header)) continue;
    throw new InvalidIamToken(`client did not sign the ${header} header in the pre-signed URL`);
  }
}

/** STS takes a URL for 15 minutes after its date, whatever it says of its expiry; that is only checked to be sane. */
function checkTime(parameters: ReadonlyMap<string, string>, now: number): void {
  const expires = parameters.get("x-amz-expires") ?? "";
  if (!/^\d{1,4}$/.test(expires) || Number(expires) > lifeMs / 1000) {
    throw new InvalidIamToken("invalid X-Amz-Expires parameter in pre-signed URL");
  }
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(parameters.get("x-amz-date") ?? "");
  const signedAt = date ? Date.parse(`${date[1]}-${date[2]}-${date[3]}T${date[4]}:${date[5]}:${date[6]}Z`) : Number.NaN;
  if (Number.isNaN(signedAt)) throw new InvalidIamToken("error parsing X-Amz-Date parameter");
  if (now > signedAt + lifeMs) {
    throw new InvalidIamToken("X-Amz-Date parameter is expired (15 minute expiration)");
  }
  if (now < signedAt - aheadMs) throw new InvalidIamToken("X-Amz-Date parameter is in the future");
}
