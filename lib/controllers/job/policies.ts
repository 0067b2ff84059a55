/**
 * What a Job's policies make of a failed pod, and of what has succeeded (upstream:
 * controller/job/{pod_failure,success}_policy.go).
 */
import type { Job } from "../../openapi/types/batch-v1.ts";
import type { ContainerStatus, Pod } from "../../openapi/types/core-v1.ts";
import { IndexSet } from "./indexes.ts";

/** What a failure means. */
export interface Verdict {
  /** Whether it counts towards the back-off limit. */
  readonly counts: boolean;
  readonly action?: "Ignore" | "FailJob" | "FailIndex" | "Count";
  /** Why the Job fails, where it does. */
  readonly failJob?: string;
}

type PodFailurePolicy = NonNullable<NonNullable<Job["spec"]>["podFailurePolicy"]>;
type Rule = PodFailurePolicy["rules"][number];

/** The verdict of the first rule that matches; without one every failure counts. */
export function judgeFailure(job: Job, pod: Pod): Verdict {
  const rules = job.spec?.podFailurePolicy?.rules ?? [];
  for (const [index, rule] of rules.entries()) {
    const match = matchRule(rule, pod);
    if (match === undefined) continue;
    const suffix = `matching ${rule.action} rule at index ${index}`;
    switch (rule.action) {
      case "Ignore":
        return { counts: false, action: "Ignore" };
      case "FailIndex":
        return { counts: true, action: "FailIndex" };
      case "Count":
        return { counts: true, action: "Count" };
      case "FailJob":
        return { counts: true, action: "FailJob", failJob: `${match} ${suffix}` };
    }
  }
  return { counts: true };
}

/** What a rule found, as the message begins. */
function matchRule({ onExitCodes, onPodConditions }: Rule, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata;
  if (onExitCodes !== undefined) {
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
    const status = [...containerStatuses, ...initContainerStatuses].find((one) => matchExitCode(onExitCodes, one));
    const exitCode = status?.state?.terminated?.exitCode;
    return status === undefined
      ? undefined
      : `Container ${status.name} for pod ${namespace}/${name} failed with exit code ${exitCode}`;
  }
  const condition = pod.status?.conditions?.find((one) =>
    onPodConditions?.some((pattern) => pattern.type === one.type && (pattern.status ?? "True") === one.status),
  );
  return condition === undefined ? undefined : `Pod ${namespace}/${name} has condition ${condition.type}`;
}

function matchExitCode(
  { containerName, operator, values }: NonNullable<Rule["onExitCodes"]>,
  { name, state }: ContainerStatus,
): boolean {
  const exitCode = state?.terminated?.exitCode ?? 0;
  if (exitCode === 0 || (containerName !== undefined && containerName !== name)) return false;
  if (operator === "In") return values.includes(exitCode);
  return operator === "NotIn" && !values.includes(exitCode);
}

/** The message of the first success rule that the succeeded indexes fulfil. */
export function matchSuccess(job: Job, succeeded: IndexSet): string | undefined {
  if (succeeded.size === 0) return undefined;
  const rules = job.spec?.successPolicy?.rules ?? [];
  const index = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.size >= succeededCount;
    const required = IndexSet.parse(succeededIndexes, job.spec?.completions ?? 0);
    if (required.size === 0) return false;
    const got = required.overlap(succeeded);
    return got === required.size || (succeededCount !== undefined && got >= succeededCount);
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}
