/** JSON as SQS takes it. */

/** All that JSON.stringify leaves as it is and XML has no character for; SQS refuses messages that hold one of them. */
const noCharacters = /[\ufffe\uffff]/g;

/**
 * The same JSON without what SQS refuses: what users write (the name of a role, the last words of a container) must not
 * keep a message from being sent, and all that waits behind it.
 */
export function messageText(json: string): string {
  return json.replace(noCharacters, (one) => `\\u${one.charCodeAt(0).toString(16)}`);
}
