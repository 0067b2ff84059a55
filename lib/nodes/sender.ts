/** Who sent a report. SQS says it; emulators don't, and there a signature stands in. */
import { createHmac, timingSafeEqual } from "node:crypto";

/** The name of the message attribute that holds the signature, where there is one. */
export const signatureAttribute = "signature";

/** What a message came with. */
export interface Envelope {
  /** SQS's SenderId: `AROA…:<role session name>` of a role, `AIDA…` of a user. */
  readonly senderId: string;
  readonly signature?: string;
}

/** The name of a role's session that SQS names as the sender; in AWS that of an instance's role is the instance's id. */
export function sessionName(senderId: string): string | undefined {
  return /^AROA[A-Z0-9]+:([\w+=,.@-]+)$/.exec(senderId)?.[1];
}

/** Whether a report that calls itself the node's comes from it. */
export type SenderCheck = (envelope: Envelope, node: string, body: string) => boolean;

/** In AWS: the sender's role session bears the node's name. A signature says nothing. */
export const sentByInstance: SenderCheck = ({ senderId }, node) => sessionName(senderId) === node;

/**
 * For emulators, where every sender looks alike: the body is signed with the node's key. Each node has a key of its own,
 * made from one that only the control plane holds, so that a node can't sign for another.
 */
export function signedByNode(secret: string): SenderCheck {
  return ({ signature = "" }, node, body) => {
    const wanted = Buffer.from(reportSignature(nodeReportKey(secret, node), body));
    const given = Buffer.from(signature);
    return wanted.length === given.length && timingSafeEqual(wanted, given);
  };
}

/** The key that a node signs with. */
export function nodeReportKey(secret: string, node: string): string {
  return createHmac("sha256", secret).update(node).digest("hex");
}

/** A body's signature: of what its JSON says, since LocalStack hands bodies to functions spaced anew. */
export function reportSignature(key: string, body: string): string {
  return createHmac("sha256", key).update(withoutSpaces(body)).digest("hex");
}

function withoutSpaces(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}
