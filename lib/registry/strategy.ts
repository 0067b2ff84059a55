/**
 * What is special about a kind. The generic handlers (lib/apiserver/handlers) call the hooks in the order in which they
 * stand here (upstream: apiserver/pkg/registry/rest and generic/registry/store.go). A hook that is absent does nothing.
 *
 * Objects have passed decoding: every field that the schema knows has its type, unknown fields are gone, null is
 * absent.
 */
import type { Clock, Random } from "../apimachinery/clock.ts";
import type { UserInfo } from "../apimachinery/http.ts";
import type { AnyObject, GroupVersionResource, ObjectMeta } from "../apimachinery/meta.ts";
import type { FieldError } from "../apimachinery/validation/field.ts";
import type { PolicyRule, RoleRef } from "../openapi/types/rbac-v1.ts";
import type { ColumnDefinition } from "./printers/columns.ts";

/** The cluster's settings that strategies and admission look at. */
export interface ClusterConfig {
  /** First is the primary family: `["10.96.0.0/16"]`. */
  readonly serviceCIDRs: readonly string[];
  /** Inclusive. */
  readonly nodePortRange: readonly [number, number];
}

/** Reads and writes of other objects, past authorization and admission, at the storage version. */
export interface Objects {
  /** undefined where it does not exist. */
  get(resource: GroupVersionResource, namespace: string, name: string): Promise<AnyObject | undefined>;
  list(resource: GroupVersionResource, namespace?: string): Promise<AnyObject[]>;
  /** Throws StatusError AlreadyExists. */
  create(resource: GroupVersionResource, object: AnyObject): Promise<AnyObject>;
  /**
   * Reads, changes and writes, again after a conflict. `change` returns undefined to leave it. With a subresource its
   * hooks are used, none where it has none. Throws NotFound.
   */
  update(
    resource: GroupVersionResource,
    namespace: string,
    name: string,
    change: (object: AnyObject) => AnyObject | undefined,
    subresource?: string,
  ): Promise<AnyObject>;
  /** As a client's DELETE with the options. Throws NotFound. */
  delete(resource: GroupVersionResource, namespace: string, name: string, options?: DeleteOptions): Promise<void>;
}

/** metav1.DeleteOptions, decoded. */
export interface DeleteOptions {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  propagationPolicy?: string;
  orphanDependents?: boolean;
  dryRun?: string[];
}

/** Whom a service account's token is for and what it is bound to. */
export interface TokenOrder {
  readonly serviceAccount: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expirationSeconds: number;
  /** After which its use is reported: a token that lives on only for clients that don't reload it. */
  readonly warnAfterSeconds?: number;
  readonly boundTo?: { readonly kind: string; readonly name: string; readonly uid: string };
  /** The node of the pod that it is bound to. */
  readonly node?: { readonly name: string; readonly uid?: string };
}

/** Makes tokens of service accounts. */
export interface TokenSigner {
  /** The audiences of a token whose request names none. */
  readonly audiences: readonly string[];
  sign(order: TokenOrder): Promise<string>;
}

/** What someone wants to do; of a path that is no resource, `path` is set and the resource's parts are empty. */
export interface AccessAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly namespace: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly path?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** Who may do what: for reviews, and so that nobody grants more than they hold. */
export interface Access {
  authorize(attributes: AccessAttributes): Promise<{
    readonly decision: "allow" | "deny" | "no opinion";
    readonly reason: string;
    readonly error?: string;
  }>;
  /** The rules that someone holds in a namespace ("": cluster-wide ones only). */
  rulesFor(
    user: UserInfo,
    namespace: string,
  ): Promise<{ readonly rules: readonly PolicyRule[]; readonly incomplete: boolean; readonly error?: string }>;
  /** The rules of a role that a binding of the namespace ("": a cluster's) refers to; undefined: there is no such role. */
  rulesOf(roleRef: RoleRef, namespace: string): Promise<readonly PolicyRule[] | undefined>;
  /**
   * Whom a bearer token is for, and for which of the audiences (none given: the server's own) it is good.
   * Throws where it is for nobody; the message says why.
   */
  authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<{ readonly user: UserInfo; readonly audiences?: readonly string[] }>;
}

/** What hooks are given besides objects. */
export interface StrategyContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: ClusterConfig;
  readonly objects: Objects;
  readonly user: UserInfo;
  /** Where a multi-version resource was addressed: `autoscaling/v1`. */
  readonly version: string;
  readonly dryRun: boolean;
  /** Absent where nothing can sign: no tokens then. */
  readonly tokens?: TokenSigner;
  /** Absent where nothing is known of rights: every write of a role is refused to all but system:masters then. */
  readonly access?: Access;
}

/** Undoes what a begin hook took (an address, a port), when the write did not happen. */
export type Rollback = () => Promise<void>;

/** What may change through a subresource that is an update of its own: `status`, `resize`, `approval`, ... */
export interface UpdateStrategy<T> {
  /** May mutate `object`: copies what this subresource must not change from `old`, resets what it does not own. */
  prepareForUpdate?(object: T, old: T, context: StrategyContext): void;
  /** Mutates neither. */
  validateUpdate?(object: T, old: T, context: StrategyContext): FieldError[] | Promise<FieldError[]>;
  /** Sent as Warning headers. */
  warningsOnUpdate?(object: T, old: T): string[];
}

/** A subresource that takes a body of another kind and gives an answer: `binding`, `eviction`, `token`. */
export interface CreateSubresource {
  /** The kind of the body, as a definition: `core.v1.Binding`. */
  readonly definition: string;
  /** Throws StatusError. `body` has been decoded; its metadata.name may be another than the path's. */
  create(name: { namespace: string; name: string }, body: AnyObject, context: StrategyContext): Promise<AnyObject>;
}

/** Where the scale subresource finds its numbers. */
export interface ScaleStrategy<T> {
  /** spec.replicas. */
  replicas(object: T): number;
  setReplicas(object: T, replicas: number): void;
  statusReplicas(object: T): number;
  /** The pods' selector as text. */
  selector(object: T): string;
}

/** How a kind is deleted when that takes time. */
export interface GracefulDeletion<T> {
  /**
   * The seconds that the object gets (0: it goes now). `options` is what the client asked for. May mutate `object`
   * (a namespace's phase becomes Terminating).
   */
  begin(object: T, options: DeleteOptions, context: StrategyContext): number;
}

/** A row's context. */
export interface TableContext {
  /** Milliseconds since the epoch, for ages. */
  readonly now: number;
}

/** What is special about a kind. */
export interface Strategy<T extends { metadata: Partial<ObjectMeta> } = AnyObject> extends UpdateStrategy<T> {
  /** Problems of a name, as upstream words them; absent: a DNS subdomain. `prefix`: it is a generateName. */
  validateName?(name: string, prefix: boolean): string[];
  /** Upstream's defaults of a version; runs on every decoded body and on what a patch gave. Mutates. */
  setDefaults?(object: T, version: string): void;
  /** Resets what a client may not set (status), sets what the server does (generation). Mutates. */
  prepareForCreate?(object: T, context: StrategyContext): void;
  /** Takes what must be unique (addresses, ports) after admission and before validation. Mutates. */
  beginCreate?(object: T, context: StrategyContext): Promise<Rollback | undefined>;
  validate?(object: T, context: StrategyContext): FieldError[] | Promise<FieldError[]>;
  warningsOnCreate?(object: T): string[];
  /** As beginCreate, for an update. */
  beginUpdate?(object: T, old: T, context: StrategyContext): Promise<Rollback | undefined>;
  /** After an update has been stored (what it no longer needs is given back). Not called in a dry run. Must not throw. */
  afterUpdate?(object: T, old: T, context: StrategyContext): Promise<void>;
  /** Whether a PUT may create. */
  readonly allowCreateOnUpdate?: boolean;
  /** Whether a PUT without a resourceVersion overwrites whatever is there; absent: true. */
  readonly allowUnconditionalUpdate?: boolean;
  readonly gracefulDeletion?: GracefulDeletion<T>;
  /** Whether something besides metadata.finalizers keeps an object that is being deleted (a namespace's spec.finalizers). */
  blocksDeletion?(object: T): boolean;
  /** Whether DELETE answers with the object even where it is gone at once; absent: a Status. */
  readonly returnsDeleted?: boolean;
  /** After the object is gone for good (addresses are given back). Must not throw for what is gone already. */
  afterDelete?(object: T, context: StrategyContext): Promise<void>;
  /** Refuses a DELETE by name before anything is looked at: throws StatusError. DELETE of the collection does not ask. */
  checkDelete?(name: string): void;
  /** How NotFound names the resource, where that is not its own name. */
  readonly notFoundResource?: string;
  /** Sent as Warning headers of DELETE. */
  warningsOnDelete?(options: DeleteOptions): string[];
  /** What `propagationPolicy` is when the client says nothing; absent: background. */
  readonly defaultDeletion?: "background" | "orphan";
  /** Field selectors beyond metadata.name and metadata.namespace; the names are those of facts/selectors.json. */
  selectableFields?(object: T): Record<string, string>;
  /** The columns of its table; absent: those of facts/columns.json. */
  readonly columns?: readonly ColumnDefinition[];
  /** Metadata as upstream's internal object has it, which tables and metadata-only forms show. */
  internalMetadata?(metadata: ObjectMeta): ObjectMeta;
  /** The cells of its row (of the stored version), in the order of the columns; absent: name and age. */
  cells?(object: T, context: TableContext): unknown[];
  /** metav1.TableRowConditions of its row (a pod that has ended). */
  rowConditions?(object: T): unknown[] | undefined;
  /** Subresources that are updates: `status` and others of the kind's own. */
  readonly updateSubresources?: Readonly<Record<string, UpdateStrategy<T>>>;
  /** Subresources with a body of another kind. */
  readonly createSubresources?: Readonly<Record<string, CreateSubresource>>;
  readonly scale?: ScaleStrategy<T>;
  /** Kinds that are never stored, only answered: TokenReview, SubjectAccessReview, ... Gives the answer. */
  review?(object: T, context: StrategyContext): Promise<T>;
}
