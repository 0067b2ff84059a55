/** The recorder that controllers are given; the client has it, because scheduler and agent record events too. */
export type { EventRecorder } from "../client/event-recorder.ts";
