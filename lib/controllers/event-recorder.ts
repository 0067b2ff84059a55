/** Writes Events about objects, counting repeats instead of writing them again (upstream: client-go/tools/record). */
import type { KubeObject } from "../apimachinery/meta.ts";

/** Records what happened to an object. Never throws and never waits: an Event that cannot be written is dropped. */
export interface EventRecorder {
  event(object: KubeObject, type: "Normal" | "Warning", reason: string, message: string): void;
}
