/** Builds responses. Bodies are text; objects that are stored are sent as they were stored. */
import { type Status, StatusError } from "../apimachinery/errors.ts";
import type { ServerResponse } from "../apimachinery/http.ts";
import type { Negotiated } from "./negotiation.ts";
import { yamlText } from "./yaml-text.ts";

const jsonHeaders = { "Content-Type": "application/json", "Cache-Control": "no-cache, private" } as const;
const yamlHeaders = { "Content-Type": "application/yaml", "Cache-Control": "no-cache, private" } as const;
const textHeaders = { "Content-Type": "text/plain; charset=utf-8" } as const;

/** An answer whose body is JSON text already. `warnings` become Warning headers. */
export function jsonText(
  status: number,
  text: string,
  form: Pick<Negotiated, "format" | "pretty"> = { format: "json", pretty: false },
  warnings: readonly string[] = [],
): ServerResponse {
  const json = form.format === "json";
  const headers = json ? jsonHeaders : yamlHeaders;
  const body = !json ? yamlText(JSON.parse(text)) : form.pretty ? JSON.stringify(JSON.parse(text), null, 2) : text;
  if (warnings.length === 0) return { status, headers, body };
  return { status, headers: { ...headers, Warning: warningHeaders(warnings) }, body };
}

/** An answer of JSON text that comes in pieces. */
export function jsonChunks(status: number, body: AsyncIterable<string>): ServerResponse {
  return { status, headers: jsonHeaders, body };
}

/** A header for each warning; what was said is not said again. */
function warningHeaders(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== "").map(warningHeader);
}

/** `299 - "text"`, the text quoted as HTTP wants it. */
export function warningHeader(text: string): string {
  return `299 - "${text.replace(/[\\"]/g, "\\$&").replace(/[\r\n]+/g, " ")}"`;
}

/** Plain text. */
export function plainText(status: number, text: string): ServerResponse {
  return { status, headers: textHeaders, body: text };
}

/** The answer to a path that nothing is at. */
export const pageNotFound = plainText(404, "404 page not found\n");

/** The Status of a failure; what is no StatusError becomes 500 and says nothing of its inside. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "Internal error occurred: the server could not answer; its log says why",
    reason: "InternalError",
    code: 500,
  };
}

const failureWarnings = new WeakMap<object, readonly string[]>();

/** Does a write; where it fails, its warnings so far go with the failure's answer. */
export async function withWarnings<T>(warnings: readonly string[], write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (warnings.length > 0 && error instanceof Error) failureWarnings.set(error, [...warnings]);
    throw error;
  }
}

/** A failure as a response. */
export function failureResponse(
  error: unknown,
  form: Pick<Negotiated, "format" | "pretty"> = { format: "json", pretty: false },
): ServerResponse {
  const status = statusOf(error);
  const response = jsonText(
    status.code ?? 500,
    `${JSON.stringify(status)}\n`,
    form,
    failureWarnings.get(error as object),
  );
  const seconds = status.details?.retryAfterSeconds;
  if (!seconds) return response;
  return { ...response, headers: { ...response.headers, "Retry-After": String(seconds) } };
}
