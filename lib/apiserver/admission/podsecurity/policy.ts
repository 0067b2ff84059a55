/** What a namespace's labels ask of its pods (upstream: pod-security-admission/api/helpers.go). */
import { type FieldError, invalid, path } from "../../../apimachinery/validation/field.ts";
import { levelNames } from "./checks.ts";

const prefix = "pod-security.kubernetes.io/";
const modes = ["enforce", "audit", "warn"] as const;

/** What becomes of a pod that does not keep the level. */
export type Mode = (typeof modes)[number];

/** A level in the form of some release. */
export interface Policy {
  readonly level: string;
  /** `latest` or `v1.N`. */
  readonly version: string;
}

type NamespaceLabels = Readonly<Record<string, string>> | undefined;

const isVersion = (text: string) => text === "latest" || /^v1\.(?:0|[1-9]\d*)$/.test(text);

/** What is asked for in a mode. An unknown level is taken for the strictest one, an unknown version for the latest. */
export function policyOf(labels: NamespaceLabels, mode: Mode): Policy | undefined {
  const level = labels?.[prefix + mode];
  if (level === undefined) return undefined;
  const version = labels?.[`${prefix}${mode}-version`] ?? "latest";
  return {
    level: levelNames.includes(level) ? level : "restricted",
    version: isVersion(version) ? version : "latest",
  };
}

/** A policy as messages name it. */
export function policyText({ level, version }: Policy): string {
  return JSON.stringify(`${level}:${version}`);
}

/** What is wrong with the labels. */
export function policyErrors(labels: NamespaceLabels): FieldError[] {
  const field = path("metadata", "labels");
  return modes.flatMap((mode) => {
    const errors: FieldError[] = [];
    const level = labels?.[prefix + mode];
    if (level !== undefined && !levelNames.includes(level)) {
      errors.push(invalid(field.key(prefix + mode), level, `must be one of ${levelNames.join(", ")}`));
    }
    const version = labels?.[`${prefix}${mode}-version`];
    if (version !== undefined && !isVersion(version)) {
      errors.push(invalid(field.key(`${prefix}${mode}-version`), version, 'must be "latest" or "v1.x"'));
    }
    return errors;
  });
}
