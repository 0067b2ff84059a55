/** Reads and writes of strategies and admission plugins: past authorization and admission (the `Objects` of the registry). */
import { isNotFound, newGenericNotFound } from "../apimachinery/errors.ts";
import type { UserInfo } from "../apimachinery/http.ts";
import type { AnyObject, GroupVersionResource } from "../apimachinery/meta.ts";
import type { DeleteOptions, Objects } from "../registry/strategy.ts";
import { deleteObject } from "./delete-object.ts";
import type { Endpoint } from "./endpoint.ts";
import type { WriteContext } from "./resource-store.ts";
import type { ServerContext } from "./server-context.ts";

/** Who such writes come from. */
export const apiserverUser: UserInfo = { username: "system:apiserver", groups: ["system:masters"] };

/** Thrown through an update whose change wants nothing. */
const unchanged = Symbol("unchanged");

/** The objects of a server. */
export class ServerObjects implements Objects {
  readonly #server: () => ServerContext;

  /** `server` is asked late: the context holds these objects itself. */
  constructor(server: () => ServerContext) {
    this.#server = server;
  }

  async get(resource: GroupVersionResource, namespace: string, name: string): Promise<AnyObject | undefined> {
    try {
      return JSON.parse(await this.#server().resources.getText(this.#endpoint(resource), namespace, name));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list(resource: GroupVersionResource, namespace?: string): Promise<AnyObject[]> {
    const prefix = namespace ? `${namespace}/` : "";
    const { items } = await this.#server().resources.store.list(this.#endpoint(resource).collection, { prefix });
    return items.map(({ text }) => JSON.parse(text));
  }

  async create(resource: GroupVersionResource, object: AnyObject): Promise<AnyObject> {
    const endpoint = this.#endpoint(resource);
    endpoint.strategy.setDefaults?.(object, endpoint.apiVersion);
    const namespace = object.metadata.namespace ?? "";
    return (await this.#server().resources.create(endpoint, object, namespace, this.#context(endpoint))).object;
  }

  async update(
    resource: GroupVersionResource,
    namespace: string,
    name: string,
    change: (object: AnyObject) => AnyObject | undefined,
    subresource = "",
  ): Promise<AnyObject> {
    const endpoint = this.#endpoint(resource);
    let current: AnyObject | undefined;
    try {
      const request = {
        namespace,
        name,
        subresource,
        retry: true,
        change: (object: AnyObject) => {
          current = object;
          const changed = change(object);
          if (changed === undefined) throw unchanged;
          return changed;
        },
      };
      return (await this.#server().resources.update(endpoint, request, this.#context(endpoint))).object;
    } catch (error) {
      if (error === unchanged && current) return current;
      throw error;
    }
  }

  async delete(
    resource: GroupVersionResource,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    const endpoint = this.#endpoint(resource);
    await deleteObject(this.#server().resources, endpoint, namespace, name, options, this.#context(endpoint));
  }

  #endpoint({ group, version, resource }: GroupVersionResource): Endpoint {
    const { endpoints } = this.#server();
    const found = endpoints.find(group, version, resource) ?? endpoints.findInternal(group, version, resource);
    if (!found) throw newGenericNotFound();
    return found;
  }

  #context(endpoint: Endpoint): WriteContext {
    const strategyContext = this.#server().strategyContext(apiserverUser, endpoint.apiVersion, false);
    return { user: apiserverUser, dryRun: false, options: {}, warnings: [], strategyContext };
  }
}
