/** Asks STS who has signed a URL (upstream: aws-iam-authenticator's pkg/token, Verify). */
import type { Clock } from "../../../apimachinery/clock.ts";
import { type PrincipalArn, principalArn } from "../../../registry/access/arn.ts";
import type { CallerNames } from "../../../registry/access/username.ts";
import { AuthenticationUnavailable } from "../token.ts";
import { clusterIdHeader, type PresignedUrl } from "./presigned-url.ts";

/** Who a caller is to IAM. */
export interface CallerIdentity extends CallerNames {
  readonly arn: string;
  readonly principal: PrincipalArn;
  /** IAM's id of the principal, which no other ever gets: `AROA...` of a role. */
  readonly userId: string;
}

/** STS refuses, or what it says makes no sense. */
export class StsError extends Error {
  override name = "StsError";
  constructor(message: string) {
    super(`sts getCallerIdentity failed: ${message}`);
  }
}

const timeoutMs = 10_000;
/** A good answer has some 500 bytes. */
const maxAnswerBytes = 64 * 1024;

/** What asking needs. */
export interface StsOptions {
  /** What the caller must have signed as x-k8s-aws-id. */
  readonly clusterId: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/**
 * Asks. No redirect is followed. Throws StsError where the URL's signature, its age or its cluster are not good, and
 * AuthenticationUnavailable where STS does not answer or wants to be asked later.
 */
export async function callerIdentity({ url, accessKeyId }: PresignedUrl, options: StsOptions): Promise<CallerIdentity> {
  const { status, body } = await answerOf(url, options);
  if (status === 200) return identityOf(body, accessKeyId);
  if (body.includes("Throttling")) throw new AuthenticationUnavailable("sts getCallerIdentity was throttled");
  if (status === 429 || status >= 500) throw new AuthenticationUnavailable(`sts getCallerIdentity: ${status} from AWS`);
  // Nothing else of the answer is passed on: it may repeat what was signed.
  const [, code] = /"Code":\s*"([A-Za-z.]{1,64})"/.exec(body) ?? [];
  throw new StsError(`error from AWS (expected 200, got ${status}${code === undefined ? "" : `: ${code}`})`);
}

async function answerOf(
  url: string,
  { clusterId, fetch, clock }: StsOptions,
): Promise<{ status: number; body: string }> {
  const ended = new AbortController();
  const late = new AbortController();
  void clock.sleep(timeoutMs, ended.signal).then(() => late.abort());
  const headers = { [clusterIdHeader]: clusterId, accept: "application/json" };
  const ask = async () => {
    const response = await fetch(url, { method: "GET", headers, redirect: "manual", signal: late.signal });
    return { status: response.status, body: await limitedText(response) };
  };
  try {
    // A connection that is kept from before may be dead: functions stand still between invocations.
    return await ask().catch((error) => {
      if (error instanceof StsError || late.signal.aborted) throw error;
      return ask();
    });
  } catch (error) {
    if (error instanceof StsError) throw error;
    // The error's own text may have the URL.
    throw new AuthenticationUnavailable("sts getCallerIdentity: error during GET");
  } finally {
    ended.abort();
  }
}

async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > maxAnswerBytes) throw new StsError("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "");

function identityOf(body: string, accessKeyId: string): CallerIdentity {
  const result = resultOf(body);
  const [arn, accountId, userId] = [textOf(result?.Arn), textOf(result?.Account), textOf(result?.UserId)];
  let principal: PrincipalArn;
  try {
    principal = principalArn(arn);
  } catch (error) {
    throw new StsError(`the ARN ${(error as Error).message}`);
  }
  const known = { arn, principal, accountId, accessKeyId };
  if (principal.type !== "role" && principal.type !== "assumed-role") return { ...known, userId, sessionName: "" };
  const parts = userId.split(":");
  if (parts.length !== 2) throw new StsError("malformed UserID");
  return { ...known, userId: parts[0], sessionName: parts[1] };
}

function resultOf(body: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body)?.GetCallerIdentityResponse?.GetCallerIdentityResult;
  } catch {
    throw new StsError("the answer is no JSON");
  }
}
