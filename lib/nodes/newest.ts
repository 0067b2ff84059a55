/** Writes a status so that an older one can never overwrite a newer one, whatever the order of their messages. */
import { isConflict, isNotFound } from "../apimachinery/errors.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import type { Position, ReportPositions } from "./health.ts";

/** What is written and how. */
export interface NewestWrite<T extends KubeObject> {
  readonly positions: ReportPositions;
  readonly node: string;
  /** Of the object that the status is of. */
  readonly uid: string;
  readonly position: Position;
  /** The object as it is now; undefined: it is gone. */
  read(): Promise<T | undefined>;
  /** Writes, provided that the object is still at the revision that was read; else rejects with Conflict. */
  write(object: T): Promise<void>;
}

/** Somebody else may write the object meanwhile; after so many times the message has to come again. */
const maxAttempts = 6;

/**
 * The position is claimed before the object is read, and looked at again between reading and writing. So whoever
 * writes an older status either sees the newer claim, or has read the object before the newer one did: then one of the
 * two writes meets a conflict, and its writer looks again. Rejects with what reading or writing rejects with.
 */
export async function writeNewest<T extends KubeObject>(options: NewestWrite<T>): Promise<void> {
  const { positions, node, uid, position } = options;
  if (!(await positions.claim(node, uid, position))) return;
  for (let attempt = 1; ; attempt++) {
    const object = await options.read();
    if (object === undefined) return positions.remove(node, uid);
    if (!(await positions.holds(node, uid, position))) return;
    try {
      return await options.write(object);
    } catch (error) {
      if ((!isConflict(error) && !isNotFound(error)) || attempt === maxAttempts) throw error;
    }
  }
}
