/** Keeps a sink equal to a resource of the server by list and watch (upstream: client-go/tools/cache/reflector.go). */
import type { Clock, Random } from "../apimachinery/clock.ts";
import { hasReason, StatusError } from "../apimachinery/errors.ts";
import type { KubeObject, Resource } from "../apimachinery/meta.ts";
import type { InformerQuery } from "./informer.ts";
import type { Client, WatchEvent } from "./interface.ts";

/** What a reflector fills. */
export interface Sink<T> {
  /** Everything there is at a revision; what is not among the items is gone. */
  replace(items: readonly T[], resourceVersion: string): void;
  /** A change, or a bookmark. */
  apply(event: WatchEvent<T>): void;
}

/** What a reflector works with. */
export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Client;
  readonly resource: Resource<T>;
  readonly query?: Pick<InformerQuery, "namespace" | "labelSelector" | "fieldSelector">;
  readonly sink: Sink<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Told of every failed list and watch, which is tried again. */
  readonly onError?: (error: unknown) => void;
}

const pageSize = 500;
const firstDelayMs = 200;
const maxDelayMs = 30_000;
/** A watch that held so long was healthy: the next failure starts with the short delay again. */
const healthyMs = 10_000;
/** A server ends each watch after this and up to twice as long, so that not all end at once. */
const minWatchSeconds = 300;

/** Runs until the signal aborts. Never rejects. */
export async function runReflector<T extends KubeObject>(options: ReflectorOptions<T>): Promise<void> {
  const { clock, random, signal, onError } = options;
  let delayMs = firstDelayMs;
  let revision: string | undefined;
  const progress = {
    at(next: string) {
      revision = next;
    },
  };
  while (!signal.aborted) {
    const startedAt = clock.now();
    try {
      if (revision === undefined) revision = await replaceAll(options);
      const ended = await watchOnce(options, revision, progress);
      if (ended && clock.now() - startedAt >= 1000) continue;
    } catch (error) {
      if (signal.aborted) return;
      if (isGone(error)) revision = undefined;
      onError?.(error);
    }
    if (clock.now() - startedAt >= healthyMs) delayMs = firstDelayMs;
    await clock.sleep(delayMs * (0.5 + random.number()), signal);
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }
}

/** Lists into the sink; gives the revision of the list. Rejects with what the client rejects with. */
export async function replaceAll<T extends KubeObject>({
  client,
  resource,
  query,
  sink,
  signal,
}: Pick<ReflectorOptions<T>, "client" | "resource" | "query" | "sink" | "signal">): Promise<string> {
  const items: T[] = [];
  for (let next: string | undefined; ; ) {
    const page = await client.list(resource, { ...query, limit: pageSize, ...(next ? { continue: next } : {}) });
    for (const item of page.items) items.push(item);
    if (page.continue) {
      next = page.continue;
      continue;
    }
    if (!signal.aborted) sink.replace(items, page.resourceVersion);
    return page.resourceVersion;
  }
}

/** Feeds the sink from one watch. True when the server ended it in good order. */
async function watchOnce<T extends KubeObject>(
  { client, resource, query, sink, random, signal }: ReflectorOptions<T>,
  revision: string,
  progress: { at(revision: string): void },
): Promise<boolean> {
  const timeoutSeconds = Math.floor(minWatchSeconds * (1 + random.number()));
  const watch = { ...query, resourceVersion: revision, allowWatchBookmarks: true, timeoutSeconds };
  for await (const event of client.watch(resource, watch, signal)) {
    sink.apply(event);
    progress.at(event.object.metadata.resourceVersion);
  }
  return !signal.aborted;
}

/** Whether the history after the revision (or a list's next page) is gone, so that only a new list helps. */
export function isGone(error: unknown): boolean {
  return (
    error instanceof StatusError && (error.code === 410 || hasReason(error, "Expired") || hasReason(error, "Gone"))
  );
}
