/** Kinds that are served in a version (or group) other than the one that is stored. */
import type { AnyObject } from "../apimachinery/meta.ts";

/** Turns an object of the served version into one of the stored version and back. Neither mutates. */
export interface Conversion {
  toStored(object: AnyObject): AnyObject;
  fromStored(object: AnyObject): AnyObject;
}
