/** Why a container can't be started yet: becomes its waiting state. */
export class WaitingError extends Error {
  override name = "WaitingError";
  /** `CrashLoopBackOff`, `ErrImagePull`, ... */
  readonly reason: string;
  /** When to try again, milliseconds since the epoch; absent: as for any failure. */
  readonly until?: number;
  constructor(reason: string, message: string, until?: number) {
    super(message);
    this.reason = reason;
    this.until = until;
  }
}
