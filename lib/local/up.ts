/** `coracle up`: a cluster on this machine, in the foreground. */
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { machineAddress } from "../../agent/network/machine.ts";
import { systemClock } from "../apimachinery/clock.ts";
import { localSigner } from "../apiserver/authentication/signer.ts";
import { firstServiceAddress } from "../apiserver/bootstrap/objects.ts";
import { podLogConnector } from "../apiserver/connectors/pod-log.ts";
import { plainText } from "../apiserver/respond.ts";
import { type Store, StoreUnavailable } from "../storage/interface.ts";
import { openSqliteStore } from "../storage/sqlite/store.ts";
import { type ControlPlane, controllerNames, createControlPlane } from "./control-plane.ts";
import { selectControllers } from "./controllers.ts";
import { type DataFolder, lock, openDataFolder } from "./data-folder.ts";
import { type HttpsServer, serveHttps } from "./https-server.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { type LocalNode, startLocalNode } from "./node.ts";
import { httpsNodeDialer } from "./node-dialer.ts";
import { whyNoNode } from "./node-setup.ts";
import { adminSubject, nodeSubject, openPki, type Pki } from "./pki.ts";
import { ensurePrivateFile } from "./private-file.ts";
import { startSimulatedNodes } from "./simulated-nodes.ts";
import type { UpOptions } from "./up-options.ts";
import { UserError } from "./user-error.ts";

const cluster = "default";
const config = { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30_000, 32_767] as const };
const clusterDns = "10.96.0.10";
/** As whom the API server asks agents. */
const agentClient = { commonName: "kube-apiserver-kubelet-client", organizations: ["system:masters"] };

/** A running cluster. */
export interface RunningCluster {
  readonly url: string;
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** The answer to who comes before the cluster is there. */
const notYet = Promise.resolve(plainText(503, "starting\n"));

/** What `up` tells: lines for the user on standard error, and the ready line through the caller. */
export type Log = (line: string) => void;

/** Starts everything. Throws UserError. What was started is ended again where a later part fails. */
export async function up(options: UpOptions, log: Log): Promise<RunningCluster> {
  const selected = controllersOf(options);
  const folder = openDataFolder(options.dataDir);
  const ends: (() => Promise<void> | void)[] = [lock(folder, "coracle")];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return await start(options, folder, selected, log, ends, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function controllersOf({ controllers }: UpOptions): ReadonlySet<string> {
  if (controllers.includes("-*")) return new Set();
  try {
    return selectControllers(controllers.join(","), controllerNames);
  } catch (error) {
    throw new UserError((error as Error).message, "type: coracle up --controllers '*,-NAME'");
  }
}

async function start(
  options: UpOptions,
  folder: DataFolder,
  selected: ReadonlySet<string>,
  log: Log,
  ends: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<RunningCluster> {
  const address = machineAddress();
  const nodeName = hostname().toLowerCase();
  const store = await openStore(options, folder);
  ends.push(() => store.close());
  const pki = openPki(folder.pki, { serviceAddress: firstServiceAddress(config.serviceCIDRs[0]), hosts: [address] });
  const { plane, server } = await serve(options, store, pki, address, log);
  ends.push(
    () => plane.close(),
    () => server.close(),
  );
  const url = `https://127.0.0.1:${server.port}`;
  const kubeconfig = resolve(options.kubeconfig ?? join(folder.path, "kubeconfig"));
  const credential = pki.client("admin", adminSubject);
  writeKubeconfig(kubeconfig, { server: url, ca: pki.ca, user: adminSubject.commonName, credential });
  plane.startControllers(selected);
  const node = await startNode(options, folder, pki, nodeName, server.port, log);
  if (node) ends.push(() => node.stop());
  if (options.simulateNodes > 0) {
    const simulated = await startSimulatedNodes({ folder, pki, count: options.simulateNodes, server: url, log });
    ends.push(() => simulated.stop());
  }
  return { url, kubeconfig, stop };
}

async function openStore(options: UpOptions, folder: DataFolder): Promise<Store> {
  try {
    if (options.store === "sqlite") {
      ensureStoreFile(folder.store);
      return await openSqliteStore({ file: folder.store });
    }
    const { openDynamoStore } = await import("./dynamodb.ts");
    return await openDynamoStore(options);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new UserError("the store cannot be opened", error.message);
  }
}

/** Secrets are in it; SQLite gives its mode to the files next to it. */
function ensureStoreFile(file: string): void {
  try {
    ensurePrivateFile(file);
  } catch (error) {
    const why = (error as Error).message;
    throw new UserError(`the store's file ${file} cannot be used: ${why}`, "choose another folder: --data-dir DIR");
  }
}

async function serve(
  options: UpOptions,
  store: Store,
  pki: Pki,
  address: string,
  log: Log,
): Promise<{ plane: ControlPlane; server: HttpsServer }> {
  let plane: ControlPlane | undefined;
  const server = await serveHttps({
    handler: (one) => (plane ? plane.api.handle(one) : notYet),
    key: pki.server.key,
    certificate: pki.server.certificate,
    clientCa: pki.ca,
    address: "0.0.0.0",
    port: options.port,
  });
  const made = createControlPlane({
    cluster,
    store,
    config,
    rootCertificate: pki.ca,
    keys: [localSigner(pki.tokenKey)],
    serverUrl: `https://${address}:${server.port}`,
    connectors: { "pods/log": podLogConnector(httpsNodeDialer(pki.client("apiserver-kubelet-client", agentClient))) },
    log,
  });
  await made.api.bootstrap({ address, port: server.port });
  plane = made;
  return { plane, server };
}

async function startNode(
  options: UpOptions,
  folder: DataFolder,
  pki: Pki,
  name: string,
  port: number,
  log: Log,
): Promise<LocalNode | undefined> {
  if (options.node === "none") return undefined;
  const why = whyNoNode();
  if (why) {
    if (options.node === "required") throw new UserError(why, "or start without a node: --no-node");
    log(`no node on this machine: ${why}`);
    return undefined;
  }
  const subject = nodeSubject(name);
  const kubeconfig = join(folder.kubeconfigs, "node");
  const credential = pki.client("node", subject);
  writeKubeconfig(kubeconfig, {
    server: `https://127.0.0.1:${port}`,
    ca: pki.ca,
    user: subject.commonName,
    credential,
  });
  return startLocalNode({
    folder,
    name,
    kubeconfig,
    clientCa: join(folder.pki, "ca.crt"),
    clusterDns,
    clock: systemClock,
    log,
  });
}
