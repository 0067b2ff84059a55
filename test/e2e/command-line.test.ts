/** `coracle` as its user types it: what it says when something is wrong, and what it leaves behind. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { coracle, output, startCluster, until } from "./support/cluster.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-cli-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => output(process.execPath, [coracle, ...args]);

describe("coracle says what is wrong and what to type", () => {
  test.each([
    { args: ["fly"], want: 'coracle: unknown command "fly"; type: coracle help' },
    { args: ["up", "--prot", "1"], want: "coracle: unknown flag --prot; did you mean --port?" },
    {
      args: ["up", "--port", "x"],
      want: 'coracle: --port "x": must be a whole number from 0 to 65535; type: coracle up --port PORT',
    },
    {
      args: ["up", "--node", "--no-node"],
      want: "coracle: --node and --no-node exclude each other; leave one of them out",
    },
    {
      args: ["up", "--table", "t"],
      want: "coracle: --table needs the DynamoDB store; type: coracle up --store dynamodb --table ...",
    },
  ])("$args", async ({ args, want }) => {
    const { status, stderr } = await run(...args);
    expect(stderr.trim()).toBe(want);
    expect(status).toBe(2);
  });

  test("an unknown controller", async () => {
    const { status, stderr } = await run("up", "--data-dir", folder, "--controllers", "nonsense");
    expect(stderr).toContain('"nonsense" is not in the list of known controllers: ');
    expect(status).toBe(2);
  });

  test("a folder that is not its own is left alone", async () => {
    writeFileSync(join(folder, "mine"), "");
    const { status, stderr } = await run("down", "--data-dir", folder);
    expect(stderr).toContain("is no data folder of coracle up; name the right one: --data-dir DIR");
    expect(status).toBe(2);
    expect(existsSync(join(folder, "mine"))).toBe(true);
  });

  test("a port in use", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    const { port } = server.address() as { port: number };
    const { status, stderr } = await run("up", "--no-node", "--data-dir", folder, "--port", String(port));
    server.close();
    expect(stderr).toContain(`port ${port} of 0.0.0.0 is in use; choose another with --port PORT, or any free one`);
    expect(status).toBe(2);
  });

  test("a damaged database", async () => {
    writeFileSync(join(folder, "store.sqlite"), "this is no database, whatever else it may be; ".repeat(100));
    const { status, stderr } = await run("up", "--no-node", "--data-dir", folder, "--port", "0");
    expect(stderr).toContain("it is not a database of Coracle: restore it from a backup, or move it away");
    expect(stderr).not.toContain("    at ");
    expect(status).toBe(2);
  });
});

describe("a cluster without a node", () => {
  test("has its folder for itself, keeps its secrets, and ends cleanly", async () => {
    const cluster = await startCluster("--no-node");
    try {
      expect(statSync(cluster.kubeconfig).mode & 0o077).toBe(0);
      expect(statSync(cluster.dataDir).mode & 0o077).toBe(0);
      const second = await run("up", "--no-node", "--data-dir", cluster.dataDir, "--port", "0");
      expect(second.stderr).toMatch(/another "coracle up" \(process \d+\) uses .*; stop it with Ctrl-C, or choose/);
      expect(second.status).toBe(2);
      await cluster.kubectl(["create", "configmap", "kept"]);
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        expect(await cluster.end(signal), cluster.log()).toBe(0);
        await cluster.start();
        expect(await cluster.kubectl(["get", "configmap", "kept", "-o", "name"])).toBe("configmap/kept\n");
      }
    } finally {
      await cluster.remove();
    }
    expect(existsSync(cluster.dataDir)).toBe(false);
  }, 90_000);
});

describe("a cluster with a node", () => {
  test("is removed without a trace, while it runs", async () => {
    const links = () => execFileSync("ip", ["-brief", "link"]).toString();
    const rules = () => execFileSync("nft", ["list", "tables"]).toString();
    const count = (text: string) => text.split("coracle").length;
    const before = { links: count(links()), rules: count(rules()) };
    const cluster = await startCluster("--node");
    await until("a node", async () => (await cluster.kubectl(["get", "nodes"])).includes(" Ready "));
    expect(count(links())).toBeGreaterThan(before.links);
    const { status, stdout } = await run("down", "--data-dir", cluster.dataDir);
    expect(status).toBe(0);
    expect(stdout).toContain(`removed ${cluster.dataDir}`);
    expect({ links: count(links()), rules: count(rules()) }).toEqual(before);
    expect(existsSync(cluster.dataDir)).toBe(false);
    const processes = execFileSync("ps", ["-eo", "args"]).toString();
    expect(processes).not.toContain(cluster.dataDir);
    await cluster.end("SIGKILL");
  }, 90_000);
});
