/** GET with watch: a stream of events that frames stored texts. */
import { newNotAcceptable, newResourceExpired, StatusError } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import type { AnyObject } from "../../apimachinery/meta.ts";
import { canonicalize } from "../../openapi/decode.ts";
import { type LogEntry, type Matcher, RevisionCompacted, type WatchBatch } from "../../storage/interface.ts";
import { served } from "../endpoint.ts";
import { type ListOptions, listOptions } from "../list-options.ts";
import type { Negotiated } from "../negotiation.ts";
import { streamedTypes } from "../negotiation.ts";
import { isPlain, type ResourceRequest } from "../request.ts";
import { statusOf } from "../respond.ts";
import { parseSelectors } from "../selectors.ts";
import { translate } from "../storage-errors.ts";
import { formVersion, includeObjectOf, partialMetadata, tableText } from "../table.ts";
import { checkResourceVersion } from "./get.ts";

const initialEventsEnd = { "k8s.io/initial-events-end": "true" };

/** Answers with the stream; its errors after the head are ERROR events. */
export async function watch(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { info, endpoint } = request;
  if (form.format === "yaml") throw newNotAcceptable(streamedTypes);
  const options = listOptions(info.query, true);
  const { matches } = parseSelectors(info.query, endpoint.info);
  checkResourceVersion(options.resourceVersion);
  if (form.as === "Table") includeObjectOf(info.query);
  const oneObject =
    info.oldWatch && info.name !== "" ? `${info.namespace ? `${info.namespace}/` : ""}${info.name}` : undefined;
  const matcher: Matcher | undefined =
    oneObject === undefined ? matches : (key, object) => key === oneObject && (matches?.(key, object) ?? true);
  const stream = new WatchStream(request, form, options, matcher);
  const headers = { "Content-Type": "application/json", "Cache-Control": "no-cache, private" };
  return { status: 200, headers, body: stream.events() };
}

/** Thrown where an event can't be told in the form that was asked for. */
const unencodable = Symbol("unencodable");

type EventType = "ADDED" | "MODIFIED" | "DELETED";

/** One watch. */
class WatchStream {
  readonly #request: ResourceRequest;
  readonly #form: Negotiated;
  readonly #options: ListOptions;
  readonly #matches: Matcher | undefined;
  readonly #prefix: string;
  #firstTable = true;

  constructor(request: ResourceRequest, form: Negotiated, options: ListOptions, matches: Matcher | undefined) {
    this.#request = request;
    this.#form = form;
    this.#options = options;
    this.#matches = matches;
    this.#prefix = request.info.namespace === "" ? "" : `${request.info.namespace}/`;
  }

  async *events(): AsyncGenerator<string> {
    const end = this.#deadline();
    try {
      yield "";
      let after = Number(this.#options.resourceVersion || "0");
      const { sendInitialEvents, allowBookmarks } = this.#options;
      if (sendInitialEvents ?? after === 0) {
        const list = await this.#initial();
        if (list.text !== "") yield list.text;
        after = list.revision;
        if (sendInitialEvents && allowBookmarks) yield this.#bookmark(after, initialEventsEnd);
      } else if (sendInitialEvents === false && after === 0) {
        after = await this.#store.revision(this.#collection);
      }
      if (this.#options.untilCaughtUp) yield* this.#catchUp(after, end.signal);
      else yield* this.#tail(after, end.signal);
    } catch (error) {
      if (error !== unencodable) yield this.#error(error);
    } finally {
      end.cancel();
    }
  }

  get #store() {
    return this.#request.server.resources.store;
  }

  get #collection() {
    return this.#request.endpoint.collection;
  }

  /** Aborts when the client has gone, the server closes, or the time is over. */
  #deadline(): { signal: AbortSignal; cancel: () => void } {
    const { server, request } = this.#request;
    const seconds = this.#options.timeoutSeconds;
    const ms = Math.min(server.maxWatchMs, seconds && seconds > 0 ? seconds * 1_000 : server.maxWatchMs);
    const timer = new AbortController();
    const handle = setTimeout(() => timer.abort(), ms);
    handle.unref();
    const signal = AbortSignal.any([timer.signal, request.signal, server.closing]);
    const cancel = () => {
      clearTimeout(handle);
      timer.abort();
    };
    return { signal, cancel };
  }

  /** What is there already, as ADDED events. */
  async #initial(): Promise<{ text: string; revision: number }> {
    const { items, revision } = await this.#store.list(this.#collection, {
      prefix: this.#prefix,
      matches: this.#matches,
    });
    return { text: items.map(({ text }) => this.#frame("ADDED", text)).join(""), revision };
  }

  /** What was written before the call, then a bookmark. */
  async *#catchUp(after: number, signal: AbortSignal): AsyncGenerator<string> {
    const until = await this.#store.revision(this.#collection);
    const reached = after < until ? yield* this.#tail(after, signal, until) : after;
    // Of what was told beyond, too: from a bookmark before it, it would be told again.
    if (!signal.aborted) yield this.#bookmark(reached);
  }

  /** Events until the signal aborts, or those up to a revision at least; gives how far they came. */
  async *#tail(after: number, signal: AbortSignal, until = Number.POSITIVE_INFINITY): AsyncGenerator<string, number> {
    const batches = this.#store
      .watch(this.#collection, { after, prefix: this.#prefix, signal })
      [Symbol.asyncIterator]();
    let revision = after;
    let next = batches.next();
    for (;;) {
      const step = await this.#nextOrBookmark(next, signal);
      if (step === "bookmark") {
        yield this.#bookmark(revision);
        continue;
      }
      if (step.done) {
        // Who comes back goes on from here, however long nothing of theirs has happened.
        if (this.#options.allowBookmarks && until === Number.POSITIVE_INFINITY && revision > after)
          yield this.#bookmark(revision);
        return revision;
      }
      revision = Math.max(revision, step.value.revision);
      let text = "";
      for (const entry of step.value.entries) text += await this.#event(entry);
      if (text !== "") yield text;
      if (revision >= until) {
        await batches.return?.();
        return revision;
      }
      next = batches.next();
    }
  }

  /** The next batch, or "bookmark" where a while has gone by without one. */
  async #nextOrBookmark(next: Promise<IteratorResult<WatchBatch>>, signal: AbortSignal) {
    if (!this.#options.allowBookmarks) return next;
    let timer: NodeJS.Timeout | undefined;
    const minute = new Promise<"bookmark">((resolve) => {
      timer = setTimeout(() => resolve("bookmark"), this.#request.server.bookmarkMs);
      timer.unref();
    });
    try {
      const step = await Promise.race([next, minute]);
      return step === "bookmark" && signal.aborted ? await next : step;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A change as the watcher sees it: entering a selector is ADDED, leaving it DELETED; "" where it sees nothing. */
  async #event(entry: LogEntry): Promise<string> {
    const { type, previous, key, text } = entry;
    if (!this.#matches)
      return this.#frame(type === "created" ? "ADDED" : type === "updated" ? "MODIFIED" : "DELETED", text);
    const was = previous !== undefined && this.#matches(key, previous);
    if (type === "deleted") return was ? this.#frame("DELETED", text) : "";
    const is = this.#matches(key, entry);
    if (is) return this.#frame(was ? "MODIFIED" : "ADDED", text);
    return was && previous ? this.#frame("DELETED", await this.#asItWas(entry, previous.revision)) : "";
  }

  /** The version before a change with the change's revision. */
  async #asItWas(entry: LogEntry, revision: number): Promise<string> {
    const before = await this.#store.logEntry(this.#collection, revision);
    if (!before) return entry.text;
    return before.text.replace(`"resourceVersion":"${revision}"`, `"resourceVersion":"${entry.revision}"`);
  }

  #frame(type: EventType, text: string): string {
    return `{"type":"${type}","object":${this.#objectText(text)}}\n`;
  }

  #objectText(text: string): string {
    const { endpoint } = this.#request;
    if (isPlain(this.#form, endpoint)) return text;
    const object: AnyObject = JSON.parse(text);
    // Upstream takes this form until there is an event, and then ends the stream without a word.
    if (this.#form.as === "PartialObjectMetadataList") throw unencodable;
    if (this.#form.as === undefined) return JSON.stringify(served(endpoint, object));
    if (this.#form.as !== "Table") return JSON.stringify(partialMetadata(endpoint, object, this.#form));
    const first = this.#firstTable;
    this.#firstTable = false;
    const metadata = { resourceVersion: object.metadata.resourceVersion ?? "" };
    return tableText(this.#request, [object], metadata, this.#form, first);
  }

  #bookmark(revision: number, annotations?: Record<string, string>): string {
    const { endpoint } = this.#request;
    const metadata = { resourceVersion: String(revision), ...(annotations ? { annotations } : {}) };
    const object = { kind: endpoint.info.kind, apiVersion: endpoint.apiVersion, metadata, ...this.#zeroFields() };
    const { as } = this.#form;
    if (as === "Table") {
      const table = { kind: "Table", apiVersion: formVersion(this.#form), metadata, columnDefinitions: null, rows: [] };
      return `${JSON.stringify({ type: "BOOKMARK", object: table })}\n`;
    }
    if (as) return `${JSON.stringify({ type: "BOOKMARK", object: partialMetadata(endpoint, object, this.#form) })}\n`;
    return `${JSON.stringify({ type: "BOOKMARK", object })}\n`;
  }

  /** The fields that Go writes of an empty object of the kind. */
  #zeroFields(): Record<string, unknown> {
    const {
      kind: _,
      apiVersion: __,
      metadata: ___,
      ...rest
    } = canonicalize(this.#request.endpoint.info.definition, { metadata: {} });
    return rest;
  }

  #error(error: unknown): string {
    const { endpoint } = this.#request;
    if (error instanceof RevisionCompacted) {
      const wanted = Number(this.#options.resourceVersion || "0");
      const status = newResourceExpired(`too old resource version: ${wanted} (${error.compacted + 1})`).status;
      return `${JSON.stringify({ type: "ERROR", object: status })}\n`;
    }
    const known = translate(error, endpoint.gr, "");
    const object = known instanceof StatusError ? known.status : statusOf(known);
    return `${JSON.stringify({ type: "ERROR", object })}\n`;
  }
}
