/**
 * What the functions write to their logs: an object a line. Lambda, which logs in JSON, puts it as it is into its own
 * line as `message`, so that CloudWatch searches by `message.where`.
 */

/** What lets somebody in, wherever it stands: IAM tokens, JWTs, what a header holds, signatures of URLs. */
const credentials = [
  /k8s-aws-v1\.[\w-]+/g,
  /\beyJ[\w-]*\.[\w-]+(\.[\w-]*)?/g,
  /(?<=\b(?:bearer|basic)\s+)[^\s"',;]+/gi,
  /(?<=\bx-amz-(?:signature|credential|security-token)(?:=|%3D))[^&\s"']+/gi,
];

/**
 * An error that nobody is told about. `where` says what was being done, and holds no secret: of a request its method
 * and path alone. Headers and bodies are never logged; neither is what a parser says, since it quotes what it reads,
 * nor what lets somebody in, though an error may quote it.
 */
export function logError(error: unknown, where: string): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const said = error instanceof SyntaxError ? "a text can't be parsed" : withoutCredentials(message);
  // The stack begins with the message.
  const calls = stack?.split("\n").filter((line) => /^\s+at /.test(line));
  console.error({ where, error: name, message: said, stack: [`${name}: ${said}`, ...(calls ?? [])].join("\n") });
}

function withoutCredentials(text: string): string {
  return credentials.reduce((left, pattern) => left.replace(pattern, "***"), text);
}
