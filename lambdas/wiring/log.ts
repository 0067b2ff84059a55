/** What the functions write to their logs: a JSON object a line, which CloudWatch searches by field. */

/**
 * An error that nobody is told about. `where` says what was being done, and holds no secret: of a request its method and
 * path alone. Headers and bodies are never logged.
 */
export function logError(error: unknown, where: string): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(JSON.stringify({ level: "error", where, error: name, message, stack }));
}
