/** The contract of admission plugins (upstream: apiserver/pkg/admission). `index.ts` is the only list, in upstream's order. */
import type { UserInfo } from "../../apimachinery/http.ts";
import type { AnyObject, GroupVersionKind, GroupVersionResource } from "../../apimachinery/meta.ts";
import type { StrategyContext } from "../../registry/strategy.ts";

/** One write under admission. */
export interface Attributes {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly resource: GroupVersionResource;
  readonly kind: GroupVersionKind;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The new object; absent for DELETE. Only `admit` may mutate it. */
  readonly object?: AnyObject;
  readonly oldObject?: AnyObject;
  readonly options: Readonly<Record<string, unknown>>;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly context: StrategyContext;
  /** Adds a Warning header to the answer. */
  warn(text: string): void;
}

/** A plugin. A refusal is a thrown StatusError (mostly 403). */
export interface AdmissionPlugin {
  readonly name: string;
  /** Whether it looks at this at all; asked before each call. */
  handles(attributes: Attributes): boolean;
  /** May change attributes.object. */
  admit?(attributes: Attributes): Promise<void> | void;
  /** May only look. */
  validate?(attributes: Attributes): Promise<void> | void;
}
