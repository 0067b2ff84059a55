/** Runs admission plugins: all that mutate, then, on the finished object, all that validate. */
import type { AnyObject } from "../apimachinery/meta.ts";
import type { AdmissionPlugin, Attributes } from "./admission/plugin.ts";
import type { Endpoint } from "./endpoint.ts";
import type { WriteContext } from "./resource-store.ts";

/** What a plugin is asked about, from the write's parts. */
function attributesOf(
  endpoint: Endpoint,
  operation: Attributes["operation"],
  subresource: string,
  object: AnyObject | undefined,
  oldObject: AnyObject | undefined,
  context: WriteContext,
): Attributes {
  const { info, gvk } = endpoint;
  const metadata = object?.metadata ?? oldObject?.metadata ?? {};
  return {
    operation,
    resource: { group: info.group, version: info.version, resource: info.resource },
    kind: gvk,
    subresource,
    namespace: info.resource === "namespaces" ? (metadata.name ?? "") : (metadata.namespace ?? ""),
    name: metadata.name ?? "",
    object,
    oldObject,
    options: context.options,
    user: context.user,
    dryRun: context.dryRun,
    context: context.strategyContext,
    warn: (text) => context.warnings.push(text),
  };
}

/** The plugins of a server in order. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** Lets plugins change `object`. Throws what the first that refuses throws. */
  async admit(...parts: Parameters<typeof attributesOf>): Promise<void> {
    const attributes = attributesOf(...parts);
    for (const plugin of this.#plugins) {
      if (plugin.admit && plugin.handles(attributes)) await plugin.admit(attributes);
    }
  }

  /** Lets plugins look at the finished object. Throws what the first that refuses throws. */
  async validate(...parts: Parameters<typeof attributesOf>): Promise<void> {
    const attributes = attributesOf(...parts);
    for (const plugin of this.#plugins) {
      if (plugin.validate && plugin.handles(attributes)) await plugin.validate(attributes);
    }
  }
}
