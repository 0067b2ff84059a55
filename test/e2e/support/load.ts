/** Writers that note what was acknowledged, for tests that kill the server under them. */
import { StatusError } from "../../../lib/apimachinery/errors.ts";
import { createHttpClient } from "../../../lib/client/http.ts";
import type { ConfigMap } from "../../../lib/openapi/types/core-v1.ts";
import { configmaps } from "../../../lib/openapi/types/resources.ts";

/** A write whose answer came back. */
export interface Acknowledged {
  readonly name: string;
  /** What was written: 0 by the create, then one more with each update. */
  readonly step: number;
  readonly revision: number;
}

/** It creates ConfigMaps and updates each some times, one call at a time, until it is stopped. */
export interface Writer {
  readonly acknowledged: readonly Acknowledged[];
  /** Answers that were errors, but for 503 of one that starts. A connection that breaks is no answer: the writer goes on with another ConfigMap. */
  readonly refused: readonly Error[];
  /** Resolves when the call under way has ended. */
  stop(): Promise<void>;
}

const updates = 4;
const retryMs = 20;
/** What a server answers that listens already and is not ready yet. */
const starting = 503;

/** Starts one; its ConfigMaps are called `NAME-NUMBER`. */
export function startWriter(options: { kubeconfig: string; namespace: string; name: string }): Writer {
  const { kubeconfig, namespace } = options;
  const client = createHttpClient({ kubeconfig });
  const acknowledged: Acknowledged[] = [];
  const refused: Error[] = [];
  let stopped = false;
  const write = async (name: string) => {
    for (let step = 0; step <= updates && !stopped; step++) {
      const object = { metadata: { name, namespace } as ConfigMap["metadata"], data: { step: String(step) } };
      const answer = await (step === 0 ? client.create(configmaps, object) : client.update(configmaps, object));
      acknowledged.push({ name, step, revision: Number(answer.metadata.resourceVersion) });
    }
  };
  const loop = async () => {
    for (let number = 0; !stopped; number++) {
      try {
        await write(`${options.name}-${number}`);
      } catch (error) {
        if (error instanceof StatusError && error.code !== starting) refused.push(error);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };
  const ended = loop();
  return {
    acknowledged,
    refused,
    async stop() {
      stopped = true;
      await ended;
      client.close();
    },
  };
}
