/** Names made from metadata.generateName (upstream: apiserver/pkg/storage/names). */
import type { Random } from "../apimachinery/clock.ts";

/** No vowels and no digits that look like letters. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
const randomLength = 5;
const maxBaseLength = 63 - randomLength;

/** The base, cut to fit, and five random characters. */
export function generateName(base: string, random: Random): string {
  let suffix = "";
  for (let index = 0; index < randomLength; index++) suffix += alphabet[Math.floor(random.number() * alphabet.length)];
  return base.slice(0, maxBaseLength) + suffix;
}
