/** bindings: the old way to bind a pod, by POST to a collection of its own. */
import type { AnyObject } from "../../apimachinery/meta.ts";
import type { Strategy } from "../strategy.ts";
import { bind } from "./pod/binding.ts";

/** bindings */
export const bindingStrategy: Strategy = {
  review(object: AnyObject, context) {
    const { namespace = "", name = "" } = object.metadata;
    return bind({ namespace, name }, object, context);
  },
};
