/** A watcher that lists nothing: it resumes from the last revision that it saw, whatever happens to the server. */
import { StatusError } from "../../../lib/apimachinery/errors.ts";
import { createHttpClient } from "../../../lib/client/http.ts";
import { configmaps } from "../../../lib/openapi/types/resources.ts";

/** An event of a ConfigMap of startWriter. */
export interface Seen {
  readonly type: string;
  readonly name: string;
  readonly step: number;
  readonly revision: number;
}

/** It watches until it is stopped. */
export interface Watcher {
  readonly seen: readonly Seen[];
  /** How many streams have given something so far. */
  readonly streams: number;
  /** The last revision, of an event or a bookmark. */
  readonly last: number;
  /** What the server refused with, 410 say; it has ended then. */
  readonly failure: Error | undefined;
  stop(): Promise<void>;
}

const retryMs = 20;
/** What a server answers that listens already and is not ready yet: no reason to end. */
const starting = 503;

/** Starts one at a revision. */
export function startWatcher(options: { kubeconfig: string; namespace: string; from: string }): Watcher {
  const { kubeconfig, namespace } = options;
  const client = createHttpClient({ kubeconfig });
  const abort = new AbortController();
  const seen: Seen[] = [];
  let last = options.from;
  let streams = 0;
  let failure: Error | undefined;
  const stream = async () => {
    const query = { namespace, resourceVersion: last, allowWatchBookmarks: true };
    let opened = false;
    for await (const { type, object } of client.watch(configmaps, query, abort.signal)) {
      if (!opened) streams++;
      opened = true;
      last = object.metadata.resourceVersion;
      if (type === "BOOKMARK") continue;
      seen.push({ type, name: object.metadata.name, step: Number(object.data?.step), revision: Number(last) });
    }
  };
  const loop = async () => {
    while (!abort.signal.aborted) {
      try {
        await stream();
      } catch (error) {
        if (error instanceof StatusError && error.code !== starting) {
          failure = error;
          return;
        }
      }
      if (!abort.signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  };
  const ended = loop();
  return {
    seen,
    get streams() {
      return streams;
    },
    get last() {
      return Number(last);
    },
    get failure() {
      return failure;
    },
    async stop() {
      abort.abort();
      await ended;
      client.close();
    },
  };
}
