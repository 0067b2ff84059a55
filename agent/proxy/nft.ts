/** Runs nft and conntrack. */
import { spawn } from "node:child_process";

/** Applies a ruleset as one transaction. Rejects with what nft said. */
export function applyRuleset(text: string): Promise<void> {
  return runWithInput("nft", ["-f", "-"], text);
}

/** Removes a table; one that is not there is none to remove. */
export async function removeTable(table: string): Promise<void> {
  await applyRuleset(`add table ip ${table}\ndelete table ip ${table}\n`);
}

/**
 * Forgets UDP connections to an address and port, so that the next packet is judged by the new rules. Without the
 * conntrack program they are forgotten when they are quiet.
 */
export async function forgetUdp(address: string, port: number): Promise<void> {
  const args = ["-D", "-p", "udp", "--orig-dst", address, "--orig-port-dst", String(port)];
  await runWithInput("conntrack", args, "").catch(() => {});
}

/** Forgets UDP connections that came to a port of the machine. */
export async function forgetUdpPort(port: number): Promise<void> {
  await runWithInput("conntrack", ["-D", "-p", "udp", "--orig-port-dst", String(port)], "").catch(() => {});
}

function runWithInput(command: string, args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    child.on("error", (error) => reject(new Error(`${command} can't be run: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} failed: ${said.trim().split("\n").slice(0, 3).join("; ")}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
