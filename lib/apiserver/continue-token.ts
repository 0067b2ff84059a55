/** The continue token of paged lists, in upstream's form (apiserver/pkg/storage/continue.go). */
import { newBadRequest } from "../apimachinery/errors.ts";
import { syntaxErrorText } from "../apimachinery/json/syntax.ts";

/** Where a list goes on: after a key (relative to the list's prefix), at a revision. */
export interface ContinueToken {
  readonly revision: number;
  readonly after: string;
}

const version = "meta.k8s.io/v1";

/** The token's text. */
export function encodeContinue({ revision, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start: `${after}\0` })).toString("base64url");
}

/** Throws 400 with upstream's texts. A token without a revision (-1) goes on in the newest state. */
export function decodeContinue(text: string): ContinueToken {
  const fail = (why: string) => newBadRequest(`invalid continue token: continue key is not valid: ${why}`);
  if (!/^[A-Za-z0-9_-]*$/.test(text)) {
    throw fail(`illegal base64 data at input byte ${/[^A-Za-z0-9_-]/.exec(text)?.index ?? 0}`);
  }
  // Go reads the bytes one by one: what is no UTF-8 shows as the character with that number.
  const json = Buffer.from(text, "base64url").toString("latin1");
  let token: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    token = JSON.parse(json);
  } catch {
    throw fail(syntaxErrorText(json));
  }
  if (token.v !== version) throw fail(`server does not recognize this encoded version ${token.v ?? ""}`);
  const start = typeof token.start === "string" ? token.start : "";
  const revision = Number(token.rv ?? 0);
  if (revision === 0) throw fail(`incorrect encoded start resourceVersion (version ${version})`);
  if (start === "") throw fail(`encoded start key empty (version ${version})`);
  if (`/${start}/`.includes("/../")) throw fail(start);
  return { revision, after: start.replace(/\0$/, "") };
}
