/** What was created through clients: whoever made something knows of it before the stream tells. */
import type { Draft, KubeObject, Resource } from "../../apimachinery/meta.ts";
import type { Client, WriteOptions } from "../../client/interface.ts";
import type { LoggedChange } from "./change-mapper.ts";

/** More than so many are left to the stream. */
const limit = 500;

/** Collects them until they are taken. */
export class CreatedObjects {
  #changes: LoggedChange[] = [];

  /** The client, whose creations are noted; Events, subresources and dry runs are not. */
  noting(client: Client): Client {
    const create = async <T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions) => {
      const made = await client.create(resource, object, options);
      const isWhole = options?.subresource === undefined && options?.dryRun !== true;
      if (isWhole && resource.resource !== "events" && this.#changes.length < limit) {
        const revision = Number(made.metadata.resourceVersion);
        this.#changes.push({ resource: resource as unknown as Resource, revision, object: made });
      }
      return made;
    };
    return new Proxy(client, {
      get(target, name) {
        if (name === "create") return create;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  /** What was created since the last call. */
  take(): LoggedChange[] {
    const taken = this.#changes;
    this.#changes = [];
    return taken;
  }
}
