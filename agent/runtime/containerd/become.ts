/** Turns this process into the node's containerd: for a service manager, which starts agent and containerd apart. */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { prepareContainerd } from "./prepare.ts";

/** Writes containerd's configuration and becomes it; comes back only by throwing. The folder is the agent's `--data-dir`. */
export function becomeContainerd(dataDir: string): void {
  const { command, args } = prepareContainerd(dataDir);
  const file = onPath(command);
  // The process keeps its id, so that who started it sees containerd itself live and end.
  process.execve?.(file, [file, ...args], process.env);
  throw new Error("this Node.js cannot become another program: it needs 24");
}

function onPath(command: string): string {
  const candidates = (process.env.PATH ?? "").split(":").map((folder) => join(folder, command));
  const found = candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error(`${command} is not on the path`);
  return found;
}
