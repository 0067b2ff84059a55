/** Signs service accounts' tokens with a key of this server's. */
import type { Random } from "../../apimachinery/clock.ts";
import type { TokenSigner } from "../../registry/strategy.ts";
import { signJwt } from "./jwt.ts";
import { claimsOf } from "./service-account-claims.ts";
import type { Signer } from "./signer.ts";

/** The first audience is what tokens are for when nobody says; `issuer` is who signs. */
export function tokenSigner(signer: Signer, issuer: string, audiences: readonly string[], random: Random): TokenSigner {
  return { audiences, sign: (order) => signJwt(claimsOf(order, issuer, random.uuid()), signer) };
}
