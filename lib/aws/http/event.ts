/**
 * HTTP requests as Lambda gets them: events of API Gateway's REST APIs (format 1.0) and of function URLs (format 2.0).
 * Only what the API core needs of them.
 */
import { newRequestEntityTooLarge } from "../../apimachinery/errors.ts";
import type { ServerRequest } from "../../apimachinery/http.ts";

/** Where several values may be, one is often given alone, and null stands for none. */
type Values = Readonly<Record<string, readonly string[] | undefined>> | null;
type SingleValues = Readonly<Record<string, string | undefined>> | null;

/** The event of a REST API's proxy integration. */
export interface RestApiEvent {
  readonly httpMethod: string;
  /** Without the stage; percent-encoded as sent. */
  readonly path: string;
  readonly headers?: SingleValues;
  readonly multiValueHeaders?: Values;
  /** Decoded. */
  readonly queryStringParameters?: SingleValues;
  readonly multiValueQueryStringParameters?: Values;
  readonly requestContext?: { readonly identity?: { readonly sourceIp?: string } };
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

/** The event of a function URL, or of an HTTP API. */
export interface FunctionUrlEvent {
  readonly version: "2.0";
  /** With the stage, where there is one. */
  readonly rawPath: string;
  readonly rawQueryString?: string;
  /** Several values of one header are joined with commas. */
  readonly headers?: SingleValues;
  readonly requestContext: {
    readonly stage?: string;
    readonly http: { readonly method: string; readonly sourceIp?: string };
  };
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

/** Either. */
export type HttpEvent = RestApiEvent | FunctionUrlEvent;

/** Whether it has format 2.0, and so wants an answer in that format. */
export function isFunctionUrlEvent(event: HttpEvent): event is FunctionUrlEvent {
  return (event as { version?: unknown }).version === "2.0";
}

/** Path and query of an event, percent-encoded: `/api/v1/pods?limit=5`. */
export function eventTarget(event: HttpEvent): string {
  if (!isFunctionUrlEvent(event)) return withQuery(encodedPath(event.path), restQuery(event));
  const { rawPath, rawQueryString = "", requestContext } = event;
  const { stage = "$default" } = requestContext;
  const prefix = `/${stage}`;
  const isStaged = stage !== "$default" && (rawPath === prefix || rawPath.startsWith(`${prefix}/`));
  return withQuery(encodedPath(isStaged ? rawPath.slice(prefix.length) : rawPath), rawQueryString);
}

/** What would be taken for the query's beginning, or is no character of a path, is escaped; all else is as it came. */
function encodedPath(path: string): string {
  const escaped = path.replace(/[?#\s]/g, (one) => encodeURIComponent(one));
  return escaped.startsWith("/") ? escaped : `/${escaped}`;
}

const withQuery = (path: string, query: string) => (query === "" ? path : `${path}?${query}`);

function restQuery({ multiValueQueryStringParameters, queryStringParameters }: RestApiEvent): string {
  const pairs: string[] = [];
  for (const [name, values] of Object.entries(together(multiValueQueryStringParameters, queryStringParameters))) {
    for (const value of values) pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  }
  return pairs.join("&");
}

/** The several values where they are given, else the single ones. */
function together(several: Values | undefined, single: SingleValues | undefined): Record<string, readonly string[]> {
  const all: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(single ?? {})) if (value !== undefined) all[name] = [value];
  for (const [name, values] of Object.entries(several ?? {})) if (values?.length) all[name] = values;
  return all;
}

/** A list of values in one header, as HTTP joins it. */
const splitValues = (value: string) => value.split(/\s*,\s*/);

/** The request of an event. */
export class EventRequest implements ServerRequest {
  readonly method: string;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly remoteAddress: string | undefined;
  readonly #event: HttpEvent;
  readonly #headers = new Map<string, readonly string[]>();

  /** `target` is path and query as the API core shall see them; the signal ends what the request holds. */
  constructor(event: HttpEvent, target: string, signal: AbortSignal) {
    this.path = target;
    this.signal = signal;
    this.#event = event;
    const isSecond = isFunctionUrlEvent(event);
    this.method = isSecond ? event.requestContext.http.method : event.httpMethod;
    this.remoteAddress = isSecond ? event.requestContext.http.sourceIp : event.requestContext?.identity?.sourceIp;
    const headers = together(isSecond ? undefined : event.multiValueHeaders, event.headers);
    for (const [name, values] of Object.entries(headers)) this.#headers.set(name.toLowerCase(), values);
  }

  header(name: string): string | undefined {
    return this.#headers.get(name)?.join(", ");
  }

  headerValues(name: string): readonly string[] {
    const values = this.#headers.get(name) ?? [];
    return isFunctionUrlEvent(this.#event) ? values.flatMap(splitValues) : values;
  }

  headerNames(): readonly string[] {
    return [...this.#headers.keys()];
  }

  async bytes(limit: number): Promise<Uint8Array> {
    const { body, isBase64Encoded } = this.#event;
    const bytes = Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8");
    if (bytes.length > limit) throw newRequestEntityTooLarge(`limit is ${limit}`);
    return bytes;
  }
}
