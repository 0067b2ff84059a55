/** What pods do, with the real kubectl and real containers: ends, crashes, logs, waiting for a node, jobs. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { busyboxImage } from "./support/busybox-image.ts";
import { startCluster, type TestCluster, until } from "./support/cluster.ts";

const image = "coracle.test/busybox:1";

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly state: {
    waiting?: { reason: string; message: string };
    terminated?: { exitCode: number; startedAt: string };
  };
}

interface Pod {
  readonly status: {
    phase: string;
    conditions: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

const shell = (name: string, text: string, more: object = {}) => ({
  name,
  image,
  command: ["sh", "-c", text],
  ...more,
});

const pod = (name: string, spec: object) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  });

describe("pods on a real node", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster("--node");
    await cluster.importImage(busyboxImage(), image);
  }, 120_000);

  afterAll(() => cluster?.remove(), 60_000);

  const apply = (object: string) => cluster.kubectl(["apply", "-f", "-"], object);
  const statusOf = async (name: string) => (await cluster.get<Pod>("pod", name)).status;
  const phase = (name: string, wanted: string) =>
    until(`${name} to be ${wanted}`, async () => (await statusOf(name)).phase === wanted);

  test.each([
    { name: "exit-zero", code: 0, want: "Succeeded", reason: "Completed" },
    { name: "exit-one", code: 1, want: "Failed", reason: "Error" },
  ])("exit $code: $want", async ({ name, code, want, reason }) => {
    await apply(pod(name, { restartPolicy: "Never", containers: [shell("c", `exit ${code}`)] }));
    await phase(name, want);
    const [container] = (await statusOf(name)).containerStatuses ?? [];
    expect(container.state.terminated).toMatchObject({ exitCode: code, reason });
    expect(container.restartCount).toBe(0);
  });

  test("a crash is CrashLoopBackOff, and the back-off grows", async () => {
    await apply(pod("crash", { containers: [shell("c", "echo $(date +%s); exit 3")] }));
    const waits = new Set<string>();
    await until(
      "two back-offs",
      async () => {
        const [container] = (await statusOf("crash")).containerStatuses ?? [];
        const { reason, message = "" } = container?.state.waiting ?? {};
        if (reason === "CrashLoopBackOff") waits.add(/^back-off (\S+) restarting/.exec(message)?.[1] ?? message);
        return waits.size === 2;
      },
      90_000,
    );
    expect([...waits]).toEqual(["10s", "20s"]);
    expect((await statusOf("crash")).containerStatuses?.[0].restartCount).toBe(2);
    const shown = await cluster.kubectl(["get", "pod", "crash", "--no-headers"]);
    expect(shown).toMatch(/CrashLoopBackOff/);
    const events = await cluster.kubectl(["get", "events", "--field-selector", "involvedObject.name=crash"]);
    expect(events).toContain("Back-off restarting failed container c in pod crash_default");
    await cluster.kubectl(["delete", "pod", "crash"]);
  }, 120_000);

  test("logs --previous: what the container said before it was started again", async () => {
    const text = "if [ -e /data/been ]; then echo second; exec sleep 1000; fi; touch /data/been; echo first; exit 1";
    const volumeMounts = [{ name: "data", mountPath: "/data" }];
    const volumes = [{ name: "data", emptyDir: {} }];
    await apply(pod("again", { volumes, containers: [shell("c", text, { volumeMounts })] }));
    await until("the second start", async () => (await cluster.kubectl(["logs", "again"])) === "second\n");
    expect(await cluster.kubectl(["logs", "again", "--previous"])).toBe("first\n");
    await cluster.kubectl(["delete", "pod", "again"]);
  }, 60_000);

  test.each([
    {
      name: "nowhere",
      spec: { nodeSelector: { disk: "none" } },
      want: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    },
    {
      name: "too-large",
      resources: { requests: { cpu: "1000" } },
      spec: {},
      want: "0/1 nodes are available: 1 Insufficient cpu.",
    },
  ])("$name: Pending, with the reason", async ({ name, spec, resources, want }) => {
    await apply(pod(name, { ...spec, containers: [shell("c", "sleep 1000", { resources })] }));
    const condition = await until("the scheduler's word", async () =>
      (await statusOf(name)).conditions?.find(({ type }) => type === "PodScheduled"),
    );
    expect(condition).toMatchObject({ status: "False", reason: "Unschedulable" });
    expect(condition.message).toContain(want);
    expect((await statusOf(name)).phase).toBe("Pending");
    await until("the event", async () =>
      (await cluster.kubectl(["get", "events", "--field-selector", `involvedObject.name=${name}`])).includes(want),
    );
    await cluster.kubectl(["delete", "pod", name]);
  });

  test("two containers share localhost; init containers go first, in order", async () => {
    const serve = "mkdir -p /tmp/w; cat /data/order > /tmp/w/index.html; exec httpd -f -p 9000 -h /tmp/w";
    const ask = "until wget -q -O - http://127.0.0.1:9000/; do sleep 0.1; done";
    const volumeMounts = [{ name: "data", mountPath: "/data" }];
    await apply(
      pod("shared", {
        restartPolicy: "Never",
        volumes: [{ name: "data", emptyDir: {} }],
        initContainers: [
          shell("first", "echo one >> /data/order", { volumeMounts }),
          shell("second", "echo two >> /data/order", { volumeMounts }),
        ],
        containers: [shell("server", serve, { volumeMounts }), shell("client", ask)],
      }),
    );
    await until("the client's end", async () => {
      const { containerStatuses = [] } = await statusOf("shared");
      return containerStatuses.some(({ name, state }) => name === "client" && state.terminated?.exitCode === 0);
    });
    expect(await cluster.kubectl(["logs", "shared", "-c", "client"])).toBe("one\ntwo\n");
    await cluster.kubectl(["delete", "pod", "shared"]);
  }, 60_000);

  test("logs: followed as they come, by tail, since and with timestamps", async () => {
    const text =
      "n=0; while [ $n -lt 3 ]; do echo line $n; n=$((n+1)); until [ -e /data/$n ]; do sleep 0.05; done; done";
    const volumes = [{ name: "data", hostPath: { path: `${cluster.dataDir}/gate`, type: "DirectoryOrCreate" } }];
    const volumeMounts = [{ name: "data", mountPath: "/data" }];
    await apply(pod("talker", { restartPolicy: "Never", volumes, containers: [shell("c", text, { volumeMounts })] }));
    await phase("talker", "Running");
    const follower = cluster.follow("logs", "-f", "talker");
    let said = "";
    follower.stdout?.on("data", (chunk) => {
      said += chunk;
    });
    const ended = new Promise((resolve) => follower.once("exit", resolve));
    for (let n = 0; n < 3; n++) {
      // The next line is written only once this one was seen: what follows does not wait for the end.
      await until(`line ${n}`, async () => said.includes(`line ${n}\n`), 20_000);
      writeFileSync(`${cluster.dataDir}/gate/${n + 1}`, "");
    }
    expect(await ended).toBe(0);
    expect(said).toBe("line 0\nline 1\nline 2\n");
    await phase("talker", "Succeeded");
    expect(await cluster.kubectl(["logs", "talker", "--tail=1"])).toBe("line 2\n");
    expect(await cluster.kubectl(["logs", "talker", "--since=1h"])).toBe(said);
    await until("a second of silence", async () => (await cluster.kubectl(["logs", "talker", "--since=1s"])) === "");
    expect(await cluster.kubectl(["logs", "talker", "--timestamps", "--tail=1"])).toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z line 2\n$/,
    );
    const { status, stderr } = await cluster.run(["logs", "talker", "-c", "nobody"]);
    expect(status).toBe(1);
    expect(stderr).toContain("container nobody is not valid for pod talker");
  }, 90_000);

  test.each([
    { name: "good", text: "true", completions: 3, want: "Complete", counts: [3, 0] },
    { name: "bad", text: "exit 7", completions: 1, want: "Failed", counts: [0, 2] },
  ])("a job whose pods are $name is $want", async ({ name, text, completions, want, counts }) => {
    const template = { spec: { restartPolicy: "Never", containers: [shell("c", text)] } };
    const spec = { completions, parallelism: 2, backoffLimit: 1, template };
    await apply(JSON.stringify({ apiVersion: "batch/v1", kind: "Job", metadata: { name }, spec }));
    await cluster.kubectl(["wait", `job/${name}`, `--for=condition=${want}`, "--timeout=60s"]);
    const { status } = await cluster.get<{ status: { succeeded?: number; failed?: number } }>("job", name);
    expect([status.succeeded ?? 0, status.failed ?? 0]).toEqual(counts);
  }, 90_000);
});
