/**
 * Node ports: a port is taken while an object of its number exists in a collection of its own, so that two creates of
 * it can't both succeed (upstream keeps one bitmap, pkg/registry/core/service/portallocator, which every write contends
 * for).
 */
import { isAlreadyExists, isNotFound } from "../../../apimachinery/errors.ts";
import type { Service } from "../../../openapi/types/core-v1.ts";
import { nodePortAllocations } from "../../internal-resources.ts";
import type { StrategyContext } from "../../strategy.ts";
import { AllocationError } from "./cluster-ip-allocator.ts";
import { needsHealthCheck, nodePortsOf } from "./needs.ts";
import { reclaim } from "./stale-allocation.ts";

const allocated = "provided port is already allocated";
const blindTries = 16;

const holds = (port: number) => (service: Service) =>
  nodePortsOf(service).includes(port) || (needsHealthCheck(service) && service.spec.healthCheckNodePort === port);

/** Ports taken and given back in one write of a Service. */
export class NodePortOperation {
  readonly #service: Service;
  readonly #context: StrategyContext;
  readonly #taken: number[] = [];

  constructor(service: Service, context: StrategyContext) {
    this.#service = service;
    this.#context = context;
  }

  /** What was taken so far. */
  get taken(): readonly number[] {
    return this.#taken;
  }

  /** Takes a port. Throws AllocationError. */
  async take(port: number): Promise<void> {
    const [low, high] = this.#context.config.nodePortRange;
    if (this.#taken.includes(port)) throw new AllocationError(allocated);
    if (port < low || port > high) {
      const text = `provided port is not in the valid range. The range of valid ports is ${low}-${high}`;
      if (!this.#context.dryRun) throw new AllocationError(text);
    }
    if (this.#context.dryRun) {
      const found = await this.#context.objects.get(nodePortAllocations, "", String(port));
      if (found) throw new AllocationError(allocated);
    } else if (!(await this.#create(port)) && !(await this.#takeOver(port))) throw new AllocationError(allocated);
    this.#taken.push(port);
  }

  /** Takes a port that nobody has any more. */
  async #takeOver(port: number): Promise<boolean> {
    const holder = await this.#context.objects.get(nodePortAllocations, "", String(port));
    const free = !holder || (await reclaim(nodePortAllocations, holder, holds(port), this.#context));
    return free && (await this.#create(port));
  }

  /** Frees what nobody has any more. Whether there was something. */
  async #sweep(): Promise<boolean> {
    let found = false;
    for (const object of await this.#context.objects.list(nodePortAllocations)) {
      const port = Number(object.metadata.name);
      if (await reclaim(nodePortAllocations, object, holds(port), this.#context)) found = true;
    }
    return found;
  }

  /** Takes any free port. Throws AllocationError when there is none. */
  async takeAny(): Promise<number> {
    const [low, high] = this.#context.config.nodePortRange;
    if (this.#context.dryRun) {
      // Nothing is stored: any number tells that there would be one.
      const port = Math.max(high + 1, ...this.#taken.map((taken) => taken + 1));
      this.#taken.push(port);
      return port;
    }
    const port =
      (await this.#takeFromRange(low, high)) ??
      ((await this.#sweep()) ? await this.#takeFromRange(low, high) : undefined);
    if (port === undefined) throw new AllocationError("range is full");
    this.#taken.push(port);
    return port;
  }

  /** The upper part of the range first: the lower is for ports that are asked for (KEP-3668). */
  async #takeFromRange(low: number, high: number): Promise<number | undefined> {
    const size = high - low + 1;
    const offset = size <= 16 ? 0 : Math.min(Math.max(Math.floor(size / 32), 16), 128);
    const port = await this.#takeFrom(low + offset, high);
    return port ?? (offset > 0 ? this.#takeFrom(low, low + offset - 1) : undefined);
  }

  async #takeFrom(from: number, to: number): Promise<number | undefined> {
    const size = to - from + 1;
    const start = Math.floor(this.#context.random.number() * size);
    let used: Set<string> | undefined;
    for (let step = 0; step < size; step++) {
      const port = from + ((start + step) % size);
      if (used?.has(String(port))) continue;
      if (await this.#create(port)) return port;
      if (step + 1 < blindTries || used) continue;
      const objects = await this.#context.objects.list(nodePortAllocations);
      used = new Set(objects.map((object) => object.metadata.name ?? ""));
    }
    return undefined;
  }

  async #create(port: number): Promise<boolean> {
    const { namespace, name } = this.#service.metadata;
    try {
      await this.#context.objects.create(nodePortAllocations, {
        apiVersion: "v1",
        kind: "NodePortAllocation",
        metadata: { name: String(port) },
        spec: { parentRef: { resource: "services", namespace, name } },
      });
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
  }

  /** Gives back what was taken. */
  async rollback(): Promise<void> {
    if (!this.#context.dryRun) for (const port of this.#taken) await releaseNodePort(port, this.#context);
  }
}

/** Gives a port back. */
export async function releaseNodePort(port: number, context: StrategyContext): Promise<void> {
  try {
    await context.objects.delete(nodePortAllocations, "", String(port));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
