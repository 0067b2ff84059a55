/**
 * Tells nodes of the pods that are bound to them as soon as they are: the way over the log, which sees to it that they
 * hear of it at all, is longer.
 */

import type { Informers } from "../client/informer.ts";
import type { Client } from "../client/interface.ts";
import { nodes as nodeResource, pods as podResource } from "../openapi/types/resources.ts";
import { type InboxSender, inboxAnnotation } from "./inbox.ts";

/** What they are made with. */
export interface BindingNudgesOptions {
  readonly sender: InboxSender;
  /** Whose copies of Nodes tell the inboxes. */
  readonly informers: Informers;
  /** The newest revision of the pods. */
  readonly revision: () => Promise<number>;
  /** Told of what failed; the log's way remains. */
  readonly onError: (error: unknown) => void;
}

/** One cluster's. */
export class BindingNudges {
  readonly #options: BindingNudgesOptions;
  /** Names of nodes to tell. */
  #waiting = new Set<string>();
  #sending: Promise<void> | undefined;

  constructor(options: BindingNudgesOptions) {
    this.#options = options;
  }

  /** The client. A binding through it is done when its node has been told, or could not be. */
  noting(client: Client): Client {
    const createSubresource: Client["createSubresource"] = async (resource, name, subresource, body) => {
      const made = await client.createSubresource(resource, name, subresource, body);
      const isBinding = resource.resource === podResource.resource && subresource === "binding";
      const node = isBinding ? (body as { target?: { name?: string } }).target?.name : undefined;
      if (node !== undefined) await this.#told(node);
      return made as never;
    };
    return new Proxy(client, {
      get(target, name) {
        if (name === "createSubresource") return createSubresource;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  /** Pods that are bound while nodes are being told are told together, afterwards. */
  async #told(node: string): Promise<void> {
    this.#waiting.add(node);
    while (this.#waiting.has(node)) {
      this.#sending ??= this.#send().finally(() => {
        this.#sending = undefined;
      });
      await this.#sending;
    }
  }

  async #send(): Promise<void> {
    const { sender, informers, revision, onError } = this.#options;
    // Bindings of the same moment go together.
    await undefined;
    const names = this.#waiting;
    this.#waiting = new Set();
    const nodes = informers.get(nodeResource);
    const inboxes = [...names].map((name) => nodes.get(name)?.metadata.annotations?.[inboxAnnotation]);
    const known = inboxes.filter((inbox) => inbox !== undefined);
    if (known.length === 0) return;
    try {
      const nudge = { collection: "/pods", revision: await revision() };
      await sender.send(known.map((inbox) => ({ inbox, nudge })));
    } catch (error) {
      onError(error);
    }
  }
}
