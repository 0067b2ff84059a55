/** Priority: a pod's priority and preemption policy are those of its PriorityClass. */
import type { Pod } from "../../openapi/types/core-v1.ts";
import { priorityclasses } from "../../openapi/types/resources.ts";
import type { PriorityClass } from "../../openapi/types/scheduling-v1.ts";
import type { Objects } from "../../registry/strategy.ts";
import { denied, isResource } from "./denial.ts";
import type { AdmissionPlugin, Attributes } from "./plugin.ts";

/** The class that pods without one get: of several the one of the lowest value. */
async function defaultClass(objects: Objects): Promise<PriorityClass | undefined> {
  const classes = (await objects.list(priorityclasses)) as unknown as PriorityClass[];
  return classes.filter(({ globalDefault }) => globalDefault).sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}

interface Established {
  readonly name: string;
  readonly priority: number;
  readonly preemptionPolicy?: string;
}

async function establish(attributes: Attributes, name: string): Promise<Established> {
  const { objects } = attributes.context;
  const found =
    name === ""
      ? await defaultClass(objects)
      : ((await objects.get(priorityclasses, "", name)) as PriorityClass | undefined);
  if (found) {
    return { name: found.metadata.name, priority: found.value ?? 0, preemptionPolicy: found.preemptionPolicy };
  }
  if (name === "") return { name: "", priority: 0, preemptionPolicy: "PreemptLowerPriority" };
  throw denied(attributes, `no PriorityClass with name ${name} was found`);
}

async function admitNew(attributes: Attributes): Promise<void> {
  const { spec } = attributes.object as unknown as Pod;
  if (!spec) return;
  const { name, priority, preemptionPolicy } = await establish(attributes, spec.priorityClassName ?? "");
  if (name !== "") spec.priorityClassName = name;
  if (spec.priority !== undefined && spec.priority !== priority) {
    const text = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`;
    throw denied(attributes, text);
  }
  spec.priority = priority;
  if (preemptionPolicy === undefined) return;
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    const text = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`;
    throw denied(attributes, text);
  }
  spec.preemptionPolicy = preemptionPolicy;
}

const isWrite = ({ operation }: Attributes) => operation === "CREATE" || operation === "UPDATE";

/** Resolves classes, and keeps the default class the only one. */
export const priority: AdmissionPlugin = {
  name: "Priority",
  handles: (attributes) =>
    isWrite(attributes) &&
    (isResource(attributes, "pods") || isResource(attributes, "priorityclasses.scheduling.k8s.io")),
  async admit(attributes) {
    if (attributes.resource.resource !== "pods") return;
    if (attributes.operation === "CREATE") return admitNew(attributes);
    const spec = (attributes.object as unknown as Pod).spec;
    const old = (attributes.oldObject as unknown as Pod).spec;
    if (!spec) return;
    if (old?.priority !== undefined) spec.priority ??= old.priority;
    if (old?.preemptionPolicy !== undefined) spec.preemptionPolicy ??= old.preemptionPolicy;
  },
  async validate(attributes) {
    if (attributes.resource.resource === "pods") return;
    const { metadata, globalDefault } = attributes.object as unknown as PriorityClass;
    if (!globalDefault) return;
    const other = await defaultClass(attributes.context.objects);
    if (!other || (attributes.operation === "UPDATE" && other.metadata.name === metadata.name)) return;
    const text = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`;
    throw denied(attributes, text);
  },
};
