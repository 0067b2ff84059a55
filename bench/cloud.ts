/**
 * Figures of the cloud, in LocalStack: npm run bench:cloud. Needs root, for the node. Speed never fails them.
 *
 *   npm run bench:cloud                    all; five idle minutes among it
 *   npm run bench:cloud -- --minutes 1     fewer of these
 *   npm run bench:cloud -- --settle 12     so many minutes before these, in which the resync sees to what has moved
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { busyboxImage } from "../test/e2e/support/busybox-image.ts";
import { until } from "../test/e2e/support/cluster.ts";
import { nodes } from "../test/localstack/principals.ts";
import { withDeployment } from "../test/localstack/run.ts";
import { openCluster } from "../test/localstack/support/cloud-cluster.ts";
import { startNode } from "../test/localstack/support/cloud-node.ts";
import { ensureSystemPackages } from "../test/support/system-packages.ts";
import { warmCalls } from "./cloud/calls.ts";
import { apiFunction } from "./cloud/function.ts";
import { idle } from "./cloud/idle.ts";
import { type Meter, startMeter } from "./cloud/meter.ts";
import { applyToRunning } from "./cloud/pods.ts";
import { type Row, table } from "./row.ts";

const image = "coracle.test/busybox:1";
async function inCloud(minutes: number, settle: number): Promise<Row[]> {
  let database: Meter | undefined;
  const metered = async (url: string) => {
    database = await startMeter(url);
    return database.url;
  };
  return await withDeployment(
    async (deployment, file) => {
      process.env.CORACLE_DEPLOYMENT = file;
      if (database === undefined) throw new Error("the figures need a LocalStack of their own: unset AWS_ENDPOINT_URL");
      const queues = await startMeter(deployment.endpoint);
      const cluster = await openCluster();
      const node = await startNode(cluster, nodes[0], { sqsEndpoint: queues.url });
      try {
        await node.importImage(busyboxImage(), image);
        const args = ["wait", `node/${node.name}`, "--for=condition=Ready", "--timeout=120s"];
        await until("the node", async () => (await cluster.run(args)).status === 0, 180_000);
        const rows = [...(await warmCalls(cluster)), ...(await applyToRunning(cluster, image))];
        console.error(`${settle} quiet minutes, then ${minutes} idle ones that are counted ...`);
        await new Promise((resolve) => setTimeout(resolve, settle * 60_000));
        return [...rows, ...(await idle(cluster, { database, queues }, minutes))];
      } finally {
        await node.remove();
        cluster.close();
        await queues.stop();
        await database.stop();
      }
    },
    { database: metered },
  );
}

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, settle: { type: "string", default: "1" } },
});
ensureSystemPackages();
console.error(`load of the machine before: ${loadavg()[0].toFixed(2)}`);
const rows = [...(await apiFunction()), ...(await inCloud(Number(values.minutes), Number(values.settle)))];
console.log(table(rows));
