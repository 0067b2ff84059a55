/** The only list of admission plugins, in upstream's order. */
import type { AdmissionPlugin } from "./plugin.ts";

/** All plugins. */
export const admissionPlugins: readonly AdmissionPlugin[] = [];
