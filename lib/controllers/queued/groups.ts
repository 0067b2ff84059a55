/** Works on a batch of a FIFO queue: groups side by side, the messages of one group in order. */
import type { Clock } from "../../apimachinery/clock.ts";

/** A message of a FIFO queue. */
export interface GroupedMessage {
  readonly id: string;
  readonly body: string;
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

/**
 * Gives the ids of the messages that must be delivered again: of each group the first that failed or was not begun, and
 * all after it, since a FIFO queue's order would be broken else.
 */
export async function runGroups(
  messages: readonly GroupedMessage[],
  run: (message: GroupedMessage) => Promise<unknown>,
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

async function runGroup(
  messages: readonly GroupedMessage[],
  run: (message: GroupedMessage) => Promise<unknown>,
  { clock, deadline, onError }: RunGroupsOptions,
): Promise<string[]> {
  for (const [index, message] of messages.entries()) {
    const rest = () => messages.slice(index).map(({ id }) => id);
    if (clock.now() >= deadline) return rest();
    try {
      await run(message);
    } catch (error) {
      onError(message, error);
      return rest();
    }
  }
  return [];
}
