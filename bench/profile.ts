/** Reads the profiles that Node.js writes at a process's end, and says where time and memory went. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface HeapNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

const lines = 15;
const root = join(import.meta.dirname, "..");

/** The flags that make a process write its profiles into the folder. */
export const profileFlags = (folder: string): string[] => [
  "--cpu-prof",
  `--cpu-prof-dir=${folder}`,
  "--heap-prof",
  `--heap-prof-dir=${folder}`,
];

/**
 * The functions that took most time themselves, and those whose allocations were alive at the end. Of several
 * profiles in the folder the largest counts: `coracle up` replaces itself once, and that first moment is none of interest.
 */
export function profileSummary(folder: string): string {
  const largest = (kind: string) => {
    const files = readdirSync(folder).filter((file) => file.endsWith(kind));
    const [first] = files.map((file) => readFileSync(join(folder, file), "utf8")).sort((a, b) => b.length - a.length);
    return first === undefined ? undefined : JSON.parse(first);
  };
  const cpu = largest(".cpuprofile");
  const heap = largest(".heapprofile");
  const parts = [cpu && cpuSummary(cpu), heap && heapSummary(heap.head)].filter(Boolean);
  return parts.length > 0 ? parts.join("\n\n") : "no profile was written";
}

/** Milliseconds by function, without what was idle. */
export function cpuSummary({ nodes, samples, timeDeltas }: CpuProfile): string {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const spent = new Map<string, number>();
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame && frame.functionName !== "(idle)") add(spent, place(frame), timeDeltas[index] / 1_000);
  });
  return top("time on the processor, by function", spent, "ms");
}

/** Megabytes by function. */
export function heapSummary(head: HeapNode): string {
  const alive = new Map<string, number>();
  const visit = ({ callFrame, selfSize, children }: HeapNode) => {
    add(alive, place(callFrame), selfSize / 1_048_576);
    for (const child of children) visit(child);
  };
  visit(head);
  return top("memory of the heap that was alive at the end, by the function that took it", alive, "MB");
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value);
}

function place({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.startsWith("file:") ? relative(root, fileURLToPath(url)) : url;
  return `${functionName || "(anonymous)"}${file === "" ? "" : ` ${file}:${lineNumber + 1}`}`;
}

function top(title: string, sums: ReadonlyMap<string, number>, unit: string): string {
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0);
  const rows = [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, lines)
    .map(([name, value]) => `${((100 * value) / total).toFixed(1).padStart(5)} %  ${name}`);
  return [`${title} (${Math.round(total)} ${unit} in all)`, ...rows].join("\n");
}
