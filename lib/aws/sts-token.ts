/**
 * Makes bearer tokens of IAM's principals as `aws eks get-token` does: the URL of a GetCallerIdentity request, signed
 * with the caller's credentials and for one cluster (upstream: aws-iam-authenticator's pkg/token, GetWithSTS).
 */
import { STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import { type Clock, systemClock } from "../apimachinery/clock.ts";

/** Whose tokens, for which cluster. */
export interface StsTokenOptions {
  /** See clusterIdOf. */
  readonly clusterId: string;
  readonly region: string;
  /** @default the SDK's own: environment, files, the instance's role */
  readonly credentials?: STSClientConfig["credentials"];
  /** Of emulators: `http://127.0.0.1:4566`. @default the region's */
  readonly endpoint?: string;
  readonly clock?: Clock;
}

/** Gives tokens. */
export interface StsTokens {
  /** A token that is good for a minute at least; the same one while it is. Rejects where there are no credentials. */
  token(): Promise<string>;
}

interface Presigner {
  presign(
    request: {
      readonly method: string;
      readonly protocol: string;
      readonly hostname: string;
      readonly port?: number;
      readonly path: string;
      readonly headers: Record<string, string>;
      readonly query: Record<string, string>;
    },
    options: {
      readonly expiresIn: number;
      readonly signingDate: Date;
      readonly signingRegion: string;
      readonly signingService: string;
    },
  ): Promise<{ readonly query?: Readonly<Record<string, unknown>> }>;
}

/** STS takes a signed URL for 15 minutes after its date, but no longer than the credentials that signed it. */
const goodMs = 15 * 60_000;
/** Left for the way. */
const spareMs = 60_000;

/** Makes the source of tokens. Nothing is asked yet. */
export function stsTokens(options: StsTokenOptions): StsTokens {
  const { clock = systemClock } = options;
  const client = clientOf(options);
  let made: { readonly token: Promise<string>; goodUntil: number } | undefined;
  return {
    token() {
      const now = clock.now();
      if (made && now < made.goodUntil) return made.token;
      const signed = newToken(client, options, now);
      const one = {
        goodUntil: now + goodMs - spareMs,
        token: signed.then(({ token, expiration }) => {
          if (expiration !== undefined) one.goodUntil = Math.min(one.goodUntil, expiration.getTime() - spareMs);
          return token;
        }),
      };
      made = one;
      // A failure is not kept.
      one.token.catch(() => {
        if (made === one) made = undefined;
      });
      return one.token;
    },
  };
}

function clientOf({ region, credentials }: StsTokenOptions): STSClient {
  return new STSClient({ region, ...(credentials === undefined ? {} : { credentials }) });
}

interface SignedToken {
  readonly token: string;
  /** Of the credentials. */
  readonly expiration?: Date;
}

async function newToken(client: STSClient, options: StsTokenOptions, now: number): Promise<SignedToken> {
  // Before it is signed: where they are renewed in between, the token is only thrown away early.
  const { expiration } = await client.config.credentials();
  const url = options.endpoint === undefined ? regionalEndpoint(client, options.region) : new URL(options.endpoint);
  // Its declared type is of what all signers have; SigV4's presigns too.
  const signer = (await client.config.signer()) as unknown as Presigner;
  const signed = await signer.presign(
    {
      method: "GET",
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === "" ? {} : { port: Number(url.port) }),
      path: "/",
      headers: { host: url.host, "x-k8s-aws-id": options.clusterId },
      query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
    },
    // STS does not look at the expiry; 60 is what other makers of tokens write.
    { expiresIn: 60, signingDate: new Date(now), signingRegion: options.region, signingService: "sts" },
  );
  const query = Object.entries(signed.query ?? {}).map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`);
  return { token: `k8s-aws-v1.${Buffer.from(`${url.origin}/?${query.join("&")}`).toString("base64url")}`, expiration };
}

function regionalEndpoint(client: STSClient, region: string): URL {
  return client.config.endpointProvider({ Region: region, UseGlobalEndpoint: false }).url;
}

/** As the signature has it: RFC 3986's unreserved characters alone stay. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
