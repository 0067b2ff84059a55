/** /openapi/v2 and /openapi/v3. Documents are made when they are asked for; the last few are kept. */
import { createHash } from "node:crypto";
import type { ServerRequest, ServerResponse } from "../apimachinery/http.ts";
import { builtinGroups, type DiscoveryGroup } from "../openapi/discovery.ts";
import { v2Document } from "../openapi/documents/v2.ts";
import { documentHash, documentNames, v3Document, v3Index } from "../openapi/documents/v3.ts";
import { encodeV2, type V2Document } from "../openapi/protobuf/openapi-v2.ts";
import { parseAccept } from "./negotiation.ts";
import type { Route } from "./routes.ts";

const empty = (status: number, headers: Record<string, string> = {}): ServerResponse => ({ status, headers, body: "" });

/** How many documents are kept: a client wants one or two again and again, and some have 1.5 MB. */
const keptDocuments = 4;

const yearSeconds = 365 * 24 * 3600;

/** The last documents by name, the oldest first. */
class Documents {
  readonly #bodies = new Map<string, { hash: string; body: string | Uint8Array }>();

  get(name: string, hash: string, make: () => string | Uint8Array): string | Uint8Array {
    let known = this.#bodies.get(name);
    this.#bodies.delete(name);
    if (known?.hash !== hash) known = { hash, body: make() };
    this.#bodies.set(name, known);
    if (this.#bodies.size > keptDocuments) this.#bodies.delete([...this.#bodies.keys()][0]);
    return known.body;
  }
}

/** The protobuf form of /openapi/v2, as clients ask for it and as answers name it. */
const protobufTypes = [
  "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
  "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
];

/** A form of a document, made when it is first asked for. */
interface Form {
  readonly type: string;
  readonly make: () => string | Uint8Array;
}

const json = (make: () => object): Form => ({ type: "application/json", make: () => JSON.stringify(make()) });
const protobuf = (make: () => V2Document): Form => ({ type: protobufTypes[1], make: () => encodeV2(make()) });

/** Whether protobuf is the first of what a client takes. */
function takesProtobuf(request: ServerRequest): boolean {
  const [first] = parseAccept(request.header("accept") ?? "");
  return first !== undefined && protobufTypes.includes(first.type);
}

/** Whether a client takes JSON. */
function takesJson(request: ServerRequest): boolean {
  const header = request.header("accept");
  if (header === undefined || header === "") return true;
  return parseAccept(header).some(({ type }) => ["application/json", "application/*", "*/*"].includes(type));
}

/** Answers requests for OpenAPI documents. `groups` gives the same array as long as nothing has changed. */
export function openapiRoute(groups: () => readonly DiscoveryGroup[] = builtinGroups): Route {
  const documents = new Documents();
  let v2Hash: { groups: readonly DiscoveryGroup[]; hash: string } | undefined;
  const document = (request: ServerRequest, name: string, hash: string, form: Form, forever: boolean) => {
    const cache = forever ? { "Cache-Control": "public, immutable", Expires: inAYear() } : noCache;
    const headers = { "Content-Type": form.type, Etag: `"${hash}"`, Vary: "Accept", ...cache };
    if (request.header("if-none-match") === `"${hash}"`) return empty(304, headers);
    return { status: 200, headers, body: documents.get(`${name} ${form.type}`, hash, form.make) };
  };
  return (request, { path, query }) => {
    const [, version, rest = ""] = /^\/openapi\/(v[23])(?:\/(.*))?$/.exec(path) ?? [];
    if (version === undefined) return undefined;
    const served = groups();
    if (version === "v2") {
      if (rest !== "") return undefined;
      const isProtobuf = takesProtobuf(request);
      if (!isProtobuf && !takesJson(request)) return empty(406);
      if (v2Hash?.groups !== served) v2Hash = { groups: served, hash: hashOfAll(served) };
      const make = () => v2Document(served);
      return document(request, "v2", v2Hash.hash, isProtobuf ? protobuf(make) : json(make), false);
    }
    if (rest === "") {
      const headers = { "Content-Type": "text/plain; charset=utf-8", ...noCache };
      return { status: 200, headers, body: JSON.stringify(v3Index(served)) };
    }
    const name = rest.replace(/\/$/, "");
    if (!documentNames(served).includes(name)) return empty(404);
    if (!takesJson(request)) return empty(406);
    const hash = documentHash(served, name);
    const wanted = query.get("hash");
    if (wanted !== null && wanted !== hash) return empty(301, { Location: `/openapi/v3/${name}?hash=${hash}` });
    return document(
      request,
      name,
      hash,
      json(() => v3Document(served, name) ?? {}),
      wanted !== null,
    );
  };
}

const noCache = { "Cache-Control": "no-cache, private" } as const;

const inAYear = () => new Date(Date.now() + yearSeconds * 1000).toUTCString();

function hashOfAll(groups: readonly DiscoveryGroup[]): string {
  const hash = createHash("sha512");
  for (const name of documentNames(groups)) hash.update(documentHash(groups, name));
  return hash.digest("hex").toUpperCase();
}
