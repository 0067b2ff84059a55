/** A cloud in memory: the API core, an inbox a node, nudges, and reports that are taken in. */
import { expect, vi } from "vitest";
import { SqsTransport } from "../../../../agent/transport/sqs.ts";
import type { Handler, ServerResponse, UserInfo } from "../../../../lib/apimachinery/http.ts";
import { type KubeObject, keyOf, type Resource } from "../../../../lib/apimachinery/meta.ts";
import { controllerUser } from "../../../../lib/apiserver/authentication/control-plane-users.ts";
import { createNodeHealth } from "../../../../lib/aws/nodes/health.ts";
import { createReportPositions } from "../../../../lib/aws/nodes/positions.ts";
import { createInProcessClient } from "../../../../lib/client/in-process.ts";
import type { Informers } from "../../../../lib/client/informer.ts";
import type { Client } from "../../../../lib/client/interface.ts";
import { createInformers } from "../../../../lib/client/shared-informers.ts";
import type { Controller, ControllerContext } from "../../../../lib/controllers/controller.ts";
import { createNodeInboxController } from "../../../../lib/controllers/node-inbox.ts";
import { createNodeNudges } from "../../../../lib/nodes/nudges.ts";
import { handleReport, type ReportHandlerOptions } from "../../../../lib/nodes/report-handler.ts";
import { sentByInstance } from "../../../../lib/nodes/sender.ts";
import type { Node } from "../../../../lib/openapi/types/core-v1.ts";
import * as resources from "../../../../lib/openapi/types/resources.ts";
import { startTestServer, type TestServer } from "../../../support/api-server.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { memoryTable } from "../../../support/memory-table.ts";
import { FakeQueues } from "./fake-queues.ts";

const { configmaps, endpointslices, nodes, pods, secrets, serviceaccounts, services } = resources;
const told: readonly Resource[] = [pods, nodes, services, endpointslices, configmaps, secrets];

/** The node's name: an instance's id. */
export const nodeName = "i-0123456789abcdef0";

const nodeUser = (node: string): UserInfo => ({
  username: `system:node:${node}`,
  groups: ["system:nodes", "system:authenticated"],
});

/** Everything around the agent's transport. */
export class Cloud {
  readonly clock = new FakeClock();
  readonly queues = new FakeQueues();
  readonly inboxes = new Map<string, string>();
  /** How often an inbox was made, or made sure of. */
  ensured = 0;
  /** The node's calls: `GET /api/v1/pods`. */
  readonly calls: string[] = [];
  readonly logs: string[] = [];
  readonly admin: Client;
  /** Nudges are lost while this is true. */
  losesNudges = false;
  /** The node's calls fail while this is true. */
  isAway = false;
  readonly #server: TestServer;
  readonly #informers: Informers;
  readonly #transports: SqsTransport[] = [];
  readonly #options: ReportHandlerOptions;
  #taken = 0;
  #epoch = 0;
  #controller: Controller | undefined;

  private constructor(server: TestServer) {
    this.#server = server;
    this.admin = this.#client({ username: "admin", groups: ["system:masters"] });
    const table = memoryTable();
    this.#options = {
      cluster: async () => ({
        reader: this.#client(controllerUser("node-lifecycle-controller")),
        writer: (node) => this.#client(nodeUser(node)),
        health: createNodeHealth(table, "default"),
        positions: createReportPositions(table, "default"),
      }),
      isSentBy: sentByInstance,
      onRefused: (reason) => this.logs.push(reason),
    };
    this.#informers = createInformers({ client: this.admin });
  }

  static async start(): Promise<Cloud> {
    const server = await startTestServer();
    const cloud = new Cloud(server);
    const metadata = { name: "default", namespace: "default" };
    await cloud.admin.create(serviceaccounts, { apiVersion: "v1", kind: "ServiceAccount", metadata });
    await cloud.#dispatch();
    return cloud;
  }

  /** The transport of an agent that starts now. */
  transport(): SqsTransport {
    const transport = new SqsTransport({
      client: this.nodeClient(),
      queues: this.queues,
      clock: this.clock,
      random: seededRandom(1),
      cluster: "default",
      nodeName,
      epoch: ++this.#epoch,
      log: (message) => this.logs.push(message),
    });
    this.#transports.push(transport);
    return transport;
  }

  /** A client that calls as the node. */
  nodeClient(): Client & { close(): void } {
    return Object.assign(this.#client(nodeUser(nodeName), true), { close() {} });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#transports.map((one) => one.stop()));
    await this.#informers.stop();
    await this.#server.close();
  }

  /** Waits for something, while time passes and reports are taken in. */
  async eventually(check: () => unknown): Promise<void> {
    await vi.waitFor(
      async () => {
        await this.pass(200);
        await check();
      },
      { timeout: 10_000, interval: 5 },
    );
  }

  /** Lets time pass, in steps, and takes reports in. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await this.clock.advance(Math.min(stepMs, left));
      await this.takeReports();
    }
  }

  async takeReports(): Promise<void> {
    for (const body of this.queues.bodies.slice(this.#taken)) {
      this.#taken++;
      const message = { body, senderId: `AROAEXAMPLE0000000000:${nodeName}`, sentAt: this.clock.now() };
      await handleReport(this.#options, message);
    }
  }

  /** Waits until the transport has caught up with all changes and makes no call. */
  async quiet(): Promise<void> {
    let before = -1;
    await vi.waitFor(
      async () => {
        await this.pass(50);
        const { length } = this.calls;
        const isQuiet = length === before && [...this.queues.inboxes.values()].every((one) => one.waiting.length === 0);
        before = length;
        expect(isQuiet).toBe(true);
      },
      { timeout: 10_000, interval: 60 },
    );
  }

  #client(user: UserInfo, counted = false): Client {
    const handle = this.#server.server.handle.bind(this.#server.server);
    const counting: Handler = async (request) => {
      this.calls.push(`${request.method} ${request.path}`);
      if (this.isAway) throw new Error("connection refused");
      return handle(request) as Promise<ServerResponse>;
    };
    return createInProcessClient(counted ? counting : handle, user, { clock: this.clock });
  }

  /** What the stream's consumer does: inboxes for nodes, nudges for what changes. */
  async #dispatch(): Promise<void> {
    const nudges = createNodeNudges({
      send: async (all) => {
        if (this.losesNudges) return;
        for (const { inbox, nudge } of all) this.queues.inboxes.get(inbox)?.nudge(nudge);
      },
    });
    nudges.prepare(this.#informers);
    const queues = {
      ensure: async ({ uid }: { uid: string }) => {
        this.ensured++;
        this.inboxes.set(uid, `https://sqs.example/${uid}`);
        return `https://sqs.example/${uid}`;
      },
      isInbox: (url: string, uid: string) => url === `https://sqs.example/${uid}`,
      remove: async (uid: string) => {
        this.inboxes.delete(uid);
        this.queues.inboxes.get(`https://sqs.example/${uid}`)?.remove();
      },
      list: async () => [...this.inboxes.keys()],
    };
    const client = this.#client(controllerUser("node-inbox-controller"));
    const context = { client, clock: this.clock, informers: this.#informers } as unknown as ControllerContext;
    this.#controller = createNodeInboxController(queues)(context);
    for (const resource of told) this.#follow(resource, nudges);
    await Promise.all(told.map((resource) => this.#informers.get(resource).synced));
  }

  #follow(resource: Resource, nudges: ReturnType<typeof createNodeNudges>): void {
    this.#informers.get(resource).onChange(({ object, old }) => {
      const last = (object ?? old) as KubeObject & { spec?: { nodeName?: string } };
      const fields = last.spec?.nodeName === undefined ? {} : { fields: { "spec.nodeName": last.spec.nodeName } };
      const entry = {
        collection: `${resource.group}/${resource.resource}`,
        key: keyOf(last),
        revision: Number(last.metadata.resourceVersion),
        ...fields,
        ...(object === undefined ? {} : { object }),
        ...(old === undefined ? {} : { old }),
      };
      void nudges.changed("default", [entry], this.#informers);
      if (resource !== (nodes as Resource)) return;
      for (const source of this.#controller?.sources ?? []) {
        for (const key of source.keys({ object: object as Node, old: old as Node }))
          void this.#controller?.reconcile(key);
      }
    });
  }
}
