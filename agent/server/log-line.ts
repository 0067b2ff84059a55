/** Lines of container logs as CRI writes them: `TIME STREAM TAG CONTENT` (upstream: cri-client/pkg/logs). */

/** A line of a log. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, as written. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** The container's line goes on in the next one. */
  readonly partial: boolean;
  readonly content: Buffer;
}

const space = 0x20;

/** undefined where it is no line of a log. The line's end is not part of it. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(space);
  const second = first < 0 ? -1 : line.indexOf(space, first + 1);
  if (second < 0) return undefined;
  const third = line.indexOf(space, second + 1);
  const stream = line.toString("latin1", first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const tags = line.toString("latin1", second + 1, third < 0 ? line.length : third).split(":");
  return {
    time: line.toString("latin1", 0, first),
    stream,
    partial: tags[0] === "P",
    content: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1),
  };
}
