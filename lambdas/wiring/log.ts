/**
 * What the functions write to their logs: an object a line. Lambda, which logs in JSON, puts it as it is into its own
 * line as `message`, so that CloudWatch searches by `message.where`.
 */

/**
 * An error that nobody is told about. `where` says what was being done, and holds no secret: of a request its method
 * and path alone. Headers and bodies are never logged.
 */
export function logError(error: unknown, where: string): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error({ where, error: name, message, stack });
}
