/** An error that the user can mend: what is wrong, and what to do. Printed without a stack. */
export class UserError extends Error {
  override name = "UserError";
  /** What to do next, without a full stop. */
  readonly advice: string;
  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}
