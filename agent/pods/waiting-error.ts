/** Why a container can't be started yet: becomes its waiting state. */
export class WaitingError extends Error {
  override name = "WaitingError";
  /** `CrashLoopBackOff`, `ErrImagePull`, ... */
  readonly reason: string;
  /** When to try again, milliseconds since the epoch; absent: as for any failure. */
  readonly until?: number;
  /** It has been told before: no Event again. */
  readonly told: boolean;
  constructor(reason: string, message: string, until?: number, told = false) {
    super(message);
    this.told = told;
    this.reason = reason;
    this.until = until;
  }
}
