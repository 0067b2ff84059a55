/** Works on a batch of a FIFO queue: groups side by side, the messages of one group in order. */
import type { Clock } from "../../apimachinery/clock.ts";
import { MalformedMessage } from "./messages.ts";
import type { Outcome } from "./runner.ts";

/** A message of a FIFO queue. */
export interface GroupedMessage {
  readonly id: string;
  readonly body: string;
  /** Stands for one key: all messages of a group ask for the same. */
  readonly group: string;
}

/** How a batch is worked on. */
export interface RunGroupsOptions {
  readonly clock: Clock;
  /** What has not begun by then (ms) is not begun. */
  readonly deadline: number;
  /** So many groups at once. */
  readonly parallel: number;
  /** Told of each message that failed. */
  readonly onError: (message: GroupedMessage, error: unknown) => void;
}

/** Does what a message asks for. Throws MalformedMessage for what is not served; rejects where it must come again. */
export type RunMessage<M extends GroupedMessage> = (message: M) => Promise<Outcome>;

/**
 * Gives the ids of the messages that must be delivered again: those for what is not served (by this release; where
 * no newer one comes they end as dead letters), and of a group that fails or cannot begin in time, all that are left. A
 * run sees everything that was written before it began, and all messages of the batch are older: so one run does for
 * the group.
 */
export async function runGroups<M extends GroupedMessage>(
  messages: readonly M[],
  run: RunMessage<M>,
  options: RunGroupsOptions,
): Promise<string[]> {
  const groups = [...Map.groupBy(messages, ({ group }) => group).values()];
  const failed: string[] = [];
  let next = 0;
  const work = async () => {
    for (let group = groups[next++]; group !== undefined; group = groups[next++]) {
      failed.push(...(await runGroup(group, run, options)));
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, groups.length) }, work));
  return failed;
}

async function runGroup<M extends GroupedMessage>(
  messages: readonly M[],
  run: RunMessage<M>,
  { clock, deadline, onError }: RunGroupsOptions,
): Promise<string[]> {
  const failed: string[] = [];
  let isDone = false;
  for (const [index, message] of messages.entries()) {
    const rest = () => [...failed, ...messages.slice(index).map(({ id }) => id)];
    if (!isDone && clock.now() >= deadline) return rest();
    try {
      if (!isDone) isDone = (await run(message)) !== "covered";
    } catch (error) {
      onError(message, error);
      if (!(error instanceof MalformedMessage)) return rest();
      failed.push(message.id);
    }
  }
  return failed;
}
