/**
 * Create, update and delete of any kind: strategy hooks, admission and the store in upstream's order (upstream:
 * registry/generic/registry/store.go). Reads of single objects as well; lists and watches go to the store directly.
 */
import type { Clock, Random } from "../apimachinery/clock.ts";
import { timeText } from "../apimachinery/clock.ts";
import { deepCopy } from "../apimachinery/equality.ts";
import {
  failure,
  isConflict,
  newAlreadyExists,
  newBadRequest,
  newConflict,
  newNotFound,
  optimisticLockMessage,
} from "../apimachinery/errors.ts";
import type { UserInfo } from "../apimachinery/http.ts";
import type { AnyObject } from "../apimachinery/meta.ts";
import { quote } from "../apimachinery/quote.ts";
import type { StrategyContext, UpdateStrategy } from "../registry/strategy.ts";
import { RevisionConflict, type Store } from "../storage/interface.ts";
import type { AdmissionChain } from "./admission-chain.ts";
import { type Endpoint, storageKey, storedForm } from "./endpoint.ts";
import { generateName } from "./generate-name.ts";
import { dedupOwnerReferences } from "./owner-references.ts";
import { translate } from "./storage-errors.ts";
import { storedValue } from "./stored-value.ts";
import { validateCreate, validateUpdate } from "./validate.ts";

/** One write: who, how, and where its warnings go. */
export interface WriteContext {
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly strategyContext: StrategyContext;
  readonly options: Readonly<Record<string, unknown>>;
  readonly warnings: string[];
  /** Absent: admission is passed over (writes of the server's own). */
  readonly admission?: AdmissionChain;
}

/** An object and its text as stored; the text of a dry run is only shown. */
export interface Written {
  readonly object: AnyObject;
  readonly text: string;
  readonly created?: boolean;
}

/** Gives the new version; may throw. Called again with a newer version where another write came between. */
export type Change = (current: AnyObject) => AnyObject | Promise<AnyObject>;

/** How an update goes. */
export interface UpdateRequest {
  readonly namespace: string;
  readonly name: string;
  readonly change: Change;
  /** "" for the object itself. */
  readonly subresource: string;
  /** Tries again on a newer version instead of refusing with a conflict (patches). */
  readonly retry?: boolean;
  /** The object to create where there is none (PUT of kinds that allow it). */
  readonly createIfAbsent?: () => Promise<AnyObject>;
}

const maxRetries = 5;

/** Reads and writes objects of one server. */
export class ResourceStore {
  readonly store: Store;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(store: Store, clock: Clock, random: Random) {
    this.store = store;
    this.#clock = clock;
    this.#random = random;
  }

  /** The stored text. Throws 404. */
  async getText(endpoint: Endpoint, namespace: string, name: string): Promise<string> {
    try {
      const stored = await this.store.get(endpoint.collection, storageKey(namespace, name));
      if (stored) return stored.text;
    } catch (error) {
      throw translate(error, endpoint.gr, name);
    }
    const { gr, strategy } = endpoint;
    throw newNotFound({ ...gr, resource: strategy.notFoundResource ?? gr.resource }, name);
  }

  /** Stores a new object. Throws 409, 422 and what admission and strategy throw. */
  async create(endpoint: Endpoint, object: AnyObject, namespace: string, context: WriteContext): Promise<Written> {
    const { metadata } = object;
    const generated = !metadata.name && metadata.generateName;
    for (let attempt = 1; ; attempt++) {
      if (generated) metadata.name = generateName(metadata.generateName ?? "", this.#random);
      try {
        return await this.#createNamed(endpoint, generated ? deepCopy(object) : object, namespace, context);
      } catch (error) {
        const taken = error instanceof Error && "reason" in error && error.reason === "AlreadyExists";
        if (!generated || !taken || attempt === 8) throw error;
      }
    }
  }

  async #createNamed(endpoint: Endpoint, given: AnyObject, namespace: string, context: WriteContext): Promise<Written> {
    const { strategy, gr } = endpoint;
    const revision = given.metadata.resourceVersion;
    this.#fillSystemFields(endpoint, given, namespace);
    dedupOwnerReferences(given, context.warnings);
    await context.admission?.admit(endpoint, "CREATE", "", given, undefined, context);
    strategy.prepareForCreate?.(given, context.strategyContext);
    const rollback = await strategy.beginCreate?.(given, context.strategyContext);
    try {
      await validateCreate(endpoint, given, context.strategyContext);
      if (strategy.warningsOnCreate) context.warnings.push(...strategy.warningsOnCreate(given));
      const object = storedForm(endpoint, given);
      await context.admission?.validate(endpoint, "CREATE", "", object, undefined, context);
      if (revision) throw failure(500, "", "resourceVersion should not be set on objects to be created");
      const key = storageKey(object.metadata.namespace ?? "", object.metadata.name ?? "");
      if (context.dryRun) {
        if (await this.store.get(endpoint.collection, key)) throw newAlreadyExists(gr, object.metadata.name ?? "");
        await rollback?.();
        delete object.metadata.resourceVersion;
        return { object, text: JSON.stringify(object), created: true };
      }
      const value = storedValue(endpoint, object);
      const written = await this.store.create(endpoint.collection, key, value);
      object.metadata.resourceVersion = String(written);
      return { object, text: value.text(written), created: true };
    } catch (error) {
      await rollback?.();
      throw translate(error, gr, given.metadata.name ?? "");
    }
  }

  #fillSystemFields({ info }: Endpoint, object: AnyObject, namespace: string): void {
    const { metadata } = object;
    if (info.namespaced) metadata.namespace = namespace;
    else delete metadata.namespace;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    delete metadata.selfLink;
    delete metadata.resourceVersion;
    metadata.uid = this.#random.uuid();
    metadata.creationTimestamp = timeText(this.#clock.now());
  }

  /** Changes an object. Throws 404, 409, 422 and what the change, admission and strategy throw. */
  async update(endpoint: Endpoint, request: UpdateRequest, context: WriteContext): Promise<Written> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#updateOnce(endpoint, request, context);
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw translate(error, endpoint.gr, request.name);
        if (attempt === maxRetries) throw newConflict(endpoint.gr, request.name, optimisticLockMessage);
      }
    }
  }

  async #updateOnce(endpoint: Endpoint, request: UpdateRequest, context: WriteContext): Promise<Written> {
    const { namespace, name, subresource } = request;
    const key = storageKey(namespace, name);
    const stored = await this.store.get(endpoint.collection, key);
    if (!stored) {
      if (!request.createIfAbsent) throw newNotFound(endpoint.gr, name);
      return this.create(endpoint, await request.createIfAbsent(), namespace, context);
    }
    const old: AnyObject = JSON.parse(stored.text);
    const given = await request.change(deepCopy(old));
    const conditional = this.#checkPreconditions(endpoint, given, old, stored.revision, request);
    try {
      return await this.#writeUpdate(endpoint, given, old, stored, subresource, context);
    } catch (error) {
      if (error instanceof RevisionConflict && conditional && !request.retry) {
        throw newConflict(endpoint.gr, name, optimisticLockMessage);
      }
      throw error;
    }
  }

  /** Whether the client named the version that it changes. */
  #checkPreconditions(
    { strategy, gr }: Endpoint,
    given: AnyObject,
    old: AnyObject,
    revision: number,
    { name, retry }: UpdateRequest,
  ) {
    const { metadata } = given;
    const wanted = metadata.resourceVersion ?? "";
    if (!/^\d*$/.test(wanted)) {
      throw failure(500, "", `strconv.ParseUint: parsing ${quote(wanted)}: invalid syntax`);
    }
    // A patch is no statement about the uid: there validation finds it changed.
    if (!retry && metadata.uid && metadata.uid !== old.metadata.uid) {
      const text = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid}`;
      throw newConflict(gr, name, text);
    }
    const conditional = wanted !== "" && wanted !== "0";
    if (conditional && Number(wanted) !== revision) throw newConflict(gr, name, optimisticLockMessage);
    if (!conditional && strategy.allowUnconditionalUpdate !== false) metadata.resourceVersion = String(revision);
    return conditional;
  }

  async #writeUpdate(
    endpoint: Endpoint,
    given: AnyObject,
    old: AnyObject,
    stored: { revision: number; text: string },
    subresource: string,
    context: WriteContext,
  ): Promise<Written> {
    const { strategy } = endpoint;
    const hooks: UpdateStrategy<AnyObject> =
      subresource === "" ? strategy : (strategy.updateSubresources?.[subresource] ?? {});
    this.#keepSystemFields(endpoint, given, old);
    dedupOwnerReferences(given, context.warnings);
    await context.admission?.admit(endpoint, "UPDATE", subresource, given, old, context);
    hooks.prepareForUpdate?.(given, old, context.strategyContext);
    const rollback = subresource === "" ? await strategy.beginUpdate?.(given, old, context.strategyContext) : undefined;
    try {
      await validateUpdate(endpoint, hooks, given, old, context.strategyContext);
      if (hooks.warningsOnUpdate) context.warnings.push(...hooks.warningsOnUpdate(given, old));
      const object = storedForm(endpoint, given);
      await context.admission?.validate(endpoint, "UPDATE", subresource, object, old, context);
      const written = await this.#store(endpoint, object, old, stored, context);
      if (written.text === stored.text || context.dryRun) await rollback?.();
      else if (subresource === "") await strategy.afterUpdate?.(object, old, context.strategyContext);
      return written;
    } catch (error) {
      await rollback?.();
      throw error;
    }
  }

  async #store(
    endpoint: Endpoint,
    object: AnyObject,
    old: AnyObject,
    stored: { revision: number; text: string },
    context: WriteContext,
  ): Promise<Written> {
    const { collection, strategy } = endpoint;
    const key = storageKey(object.metadata.namespace ?? "", object.metadata.name ?? "");
    const value = storedValue(endpoint, object);
    const unchanged = value.text(stored.revision) === stored.text;
    object.metadata.resourceVersion = String(stored.revision);
    if (this.#isFinished(endpoint, object) && old.metadata.deletionTimestamp) {
      if (!context.dryRun) {
        // What watchers are shown is the version that was stored last, not the one that let it go.
        await this.store.delete(collection, key, stored.revision, storedValue(endpoint, old));
        await strategy.afterDelete?.(object, context.strategyContext);
      }
      return { object, text: value.text(stored.revision) };
    }
    if (unchanged) return { object, text: stored.text };
    if (context.dryRun) return { object, text: value.text(stored.revision) };
    const revision = await this.store.update(collection, key, stored.revision, value);
    object.metadata.resourceVersion = String(revision);
    return { object, text: value.text(revision) };
  }

  #keepSystemFields({ info }: Endpoint, object: AnyObject, { metadata: old }: AnyObject): void {
    const { metadata } = object;
    if (info.namespaced) metadata.namespace = old.namespace;
    else delete metadata.namespace;
    metadata.uid ||= old.uid;
    metadata.creationTimestamp = old.creationTimestamp;
    if (old.generation === undefined) delete metadata.generation;
    else metadata.generation = old.generation;
    if (old.deletionTimestamp) metadata.deletionTimestamp = old.deletionTimestamp;
    if (old.deletionGracePeriodSeconds !== undefined && metadata.deletionGracePeriodSeconds === undefined) {
      metadata.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds;
    }
    delete metadata.selfLink;
  }

  /** Whether nothing keeps an object that is being deleted. */
  #isFinished({ strategy }: Endpoint, { metadata, ...rest }: AnyObject): boolean {
    if (!metadata.deletionTimestamp || (metadata.finalizers?.length ?? 0) > 0) return false;
    if ((metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
    return !strategy.blocksDeletion?.({ metadata, ...rest });
  }

  /** Runs admission alone: CONNECT and the creates of subresources. */
  static checkName(given: string | undefined, wanted: string): void {
    if (given && given !== wanted) {
      throw newBadRequest(`the name of the object (${given}) does not match the name on the URL (${wanted})`);
    }
  }
}

/** Whether an error is a conflict that a fresh read may cure. */
export const mayRetry = isConflict;
