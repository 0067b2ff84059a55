/** What goes wrong in a run, as probabilities; all of it ends at once when the run calms down. */
import { type Faults, noFaults } from "./store-table.ts";
import type { World } from "./store-world.ts";

/** Read anew at each use, so that changing it changes the run. */
export interface PipelineFaults {
  /** Of requests to the table. */
  table: Faults;
  /** Of requests to queues. */
  requests: { lostRequest: number; lostReply: number };
  /** An invocation dies somewhere. */
  crash: number;
  /** A cold environment is used though there is a warm one. */
  coldStart: number;
  /** A batch or a message that was done comes again. */
  repeated: number;
  /** A batch or a message comes late, up to `lateMs`. */
  late: number;
  lateMs: number;
  /** Neighbours in a shard change places, unless they are of the same object. */
  swapped: number;
  /** A tick is left out, or comes twice. */
  tick: number;
  /** A message comes that nobody should have sent. */
  noise: number;
  /** Of this cluster λ dispatch can read nothing in the table; "" of none. No probability. */
  troubled: string;
}

/** Nothing goes wrong. */
export function calm(): PipelineFaults {
  return {
    table: { ...noFaults },
    requests: { lostRequest: 0, lostReply: 0 },
    crash: 0,
    coldStart: 0,
    repeated: 0,
    late: 0,
    lateMs: 0,
    swapped: 0,
    tick: 0,
    noise: 0,
    troubled: "",
  };
}

/** How bad it is in this run: one in eight runs has no faults at all, the worst have all of them often. */
export function drawFaults(world: World): PipelineFaults {
  const worst = world.pick([0, 0.01, 0.02, 0.02, 0.05, 0.05, 0.1, 0.15]);
  const some = (factor = 1) => world.random.number() * worst * factor;
  return {
    table: { slow: some(0.1), lostRequest: some(0.1), lostReply: some(0.2), repeated: some(0.3), busy: some(0.5) },
    requests: { lostRequest: some(), lostReply: some() },
    crash: some(),
    coldStart: some(),
    repeated: some(2),
    late: some(2),
    lateMs: world.pick([500, 5_000, 30_000]),
    swapped: some(2),
    tick: some(4),
    noise: some(3),
    troubled: "",
  };
}

/** Ends all that goes wrong. */
export function calmDown(faults: PipelineFaults): void {
  Object.assign(faults.table, noFaults);
  Object.assign(faults.requests, { lostRequest: 0, lostReply: 0 });
  Object.assign(faults, { crash: 0, coldStart: 0, repeated: 0, late: 0, swapped: 0, tick: 0, noise: 0, troubled: "" });
}
