/** Replays an area: one case after the other, as some set up what later ones see; watches that only wait, at once. */
import { type Case, cases } from "./cases.ts";
import { runCase } from "./run.ts";
import { type CorpusServer, corpusServer } from "./server.ts";

/** A case, and what differs first in it; undefined where all answers are equal. */
export interface Outcome {
  readonly id: string;
  readonly difference: string | undefined;
}

/** Whether a case watches, and only ConfigMaps of its own namespace: then it may run beside others. */
function mayRunBeside({ steps }: Case): boolean {
  const watches = steps.filter(({ watch }) => watch);
  return watches.length > 0 && watches.every(({ path }) => path.includes("namespaces/{ns}/configmaps"));
}

/** The outcomes of the cases whose names hold `only`, in order, on a server of their own. */
export async function replayArea(
  area: string,
  only = "",
  open: () => Promise<CorpusServer> = corpusServer,
): Promise<Outcome[]> {
  const chosen = cases(area).filter(({ name }) => name.includes(only));
  const server = await open();
  try {
    const run = (one: Case) => runCase(server, one);
    const beside = new Map(chosen.filter(mayRunBeside).map((one) => [one, run(one)]));
    await Promise.all(beside.values());
    const outcomes: Outcome[] = [];
    for (const one of chosen) {
      outcomes.push({ id: `${area}/${one.name}`, difference: await (beside.get(one) ?? run(one)) });
    }
    return outcomes;
  } finally {
    await server.close();
  }
}
