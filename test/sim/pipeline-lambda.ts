/**
 * Lambda in virtual time: execution environments that stay warm, are frozen between invocations, die in the middle of
 * one between any two steps, or at its timeout, and are joined by cold ones whenever chance says so.
 */
import type { Clock } from "../../lib/apimachinery/clock.ts";
import type { PipelineFaults } from "./pipeline-faults.ts";
import { SimulatedConnection, type SimulatedTable } from "./store-table.ts";
import type { World } from "./store-world.ts";

/** A process: while it is frozen nothing in it goes on, when it is dead nothing ever does. */
export class Environment {
  readonly world: World;
  readonly clock: Clock;
  readonly table: SimulatedConnection;
  readonly #faults: PipelineFaults;
  #isAlive = true;
  #running = 0;
  #frozen: (() => void)[] = [];

  constructor(world: World, table: SimulatedTable, faults: PipelineFaults) {
    this.world = world;
    this.#faults = faults;
    this.table = new EnvironmentTable(this, table, faults);
    this.clock = {
      now: () => world.now(),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          const callOff = world.after(ms, () => this.wake(resolve));
          signal?.addEventListener("abort", () => {
            callOff();
            resolve();
          });
        }),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** An invocation begins: what came while the process was frozen comes now. */
  begin(): void {
    this.#running++;
    for (const run of this.#frozen.splice(0)) run();
  }

  end(): void {
    this.#running--;
  }

  kill(): void {
    this.#isAlive = false;
    this.#frozen = [];
  }

  /** Lets something go on in the process. */
  wake(run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#running > 0) run();
    else this.#frozen.push(run);
  }

  /** A request to another service, which takes it at once or refuses; it or its answer may be lost. */
  request<T>(what: string, serve: () => T): Promise<T> {
    const { world } = this;
    return new Promise((resolve, reject) => {
      if (!this.#isAlive) return;
      const answer = (tell: () => void) => world.after(world.integer(1, 8), () => this.wake(tell));
      const fail = () => answer(() => reject(new Error(`${what}: no answer`)));
      world.after(world.integer(1, 8), () => {
        const { lostRequest, lostReply } = this.#faults.requests;
        if (world.chance(lostRequest)) return fail();
        try {
          const result = serve();
          if (world.chance(lostReply)) fail();
          else answer(() => resolve(result));
        } catch (error) {
          answer(() => reject(error));
        }
      });
    });
  }
}

/** The table as a process reaches it. */
class EnvironmentTable extends SimulatedConnection {
  readonly #environment: Environment;

  constructor(environment: Environment, table: SimulatedTable, faults: PipelineFaults) {
    super(table, faults.table);
    this.#environment = environment;
  }

  protected override deliver(tell: () => void): void {
    this.#environment.wake(tell);
  }
}

/** What a function does with an event; `remainingMs` is how long it may take. */
export type Handler<E, R> = (event: E, remainingMs: number) => Promise<R>;

/** How a function is set up. */
export interface FunctionOptions<E, R> {
  readonly name: string;
  readonly world: World;
  readonly table: SimulatedTable;
  readonly faults: PipelineFaults;
  readonly timeoutMs: number;
  /** Runs in a fresh environment before its first event. */
  readonly open: (environment: Environment) => Handler<E, R>;
}

interface Warm<E, R> {
  readonly environment: Environment;
  readonly handler: Handler<E, R>;
}

/** So many wait for the next event; more are thrown away. */
const maxIdle = 3;
/** An invocation that is to die does so within this time. */
const crashWithinMs = 800;

/** A function. */
export class SimulatedFunction<E, R> {
  readonly #options: FunctionOptions<E, R>;
  #idle: Warm<E, R>[] = [];
  invocations = 0;
  crashes = 0;
  coldStarts = 0;

  constructor(options: FunctionOptions<E, R>) {
    this.#options = options;
  }

  /** Rejects where the function threw, died or took too long. */
  invoke(event: E): Promise<R> {
    const { world, faults, timeoutMs, name } = this.#options;
    this.invocations++;
    const warm = this.#take();
    const { environment, handler } = warm;
    environment.begin();
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (settle: () => void) => {
        if (isOver) return;
        isOver = true;
        for (const callOff of timers) callOff();
        settle();
      };
      const kill = (how: string) =>
        end(() => {
          environment.kill();
          if (how !== "took too long") this.crashes++;
          reject(new Error(`the function ${name} ${how}`));
        });
      const timers = [world.after(timeoutMs, () => kill("took too long"))];
      if (world.chance(faults.crash)) {
        timers.push(world.after(world.random.number() ** 2 * crashWithinMs, () => kill("died")));
      }
      const release = () => {
        environment.end();
        this.#idle.push(warm);
        if (this.#idle.length > maxIdle) this.#idle.shift()?.environment.kill();
      };
      handler(event, timeoutMs).then(
        (result) =>
          end(() => {
            release();
            resolve(result);
          }),
        (error) =>
          end(() => {
            release();
            reject(error);
          }),
      );
    });
  }

  #take(): Warm<E, R> {
    const { world, table, faults, open } = this.#options;
    const isWarm = this.#idle.length > 0 && !world.chance(faults.coldStart);
    if (isWarm) return this.#idle.splice(world.integer(0, this.#idle.length - 1), 1)[0];
    this.coldStarts++;
    const environment = new Environment(world, table, faults);
    return { environment, handler: open(environment) };
  }
}
