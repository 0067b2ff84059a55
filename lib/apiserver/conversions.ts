/** The only list of conversions, by `group/version/resource` of the served version. */
import type { Conversion } from "./conversion.ts";

/** All conversions. */
export const conversions: Readonly<Record<string, Conversion>> = {};
