/** DNS policy, DNS configuration and host aliases. */
import {
  type FieldError,
  invalid,
  notSupportedAsListed,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { validateIPForLegacyField } from "../../apimachinery/validation/ip.ts";
import { isDNS1123Subdomain, isDNS1123SubdomainWithUnderscore } from "../../apimachinery/validation/names.ts";
import type { PodSpec } from "../../openapi/types/core-v1.ts";

const policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;

/** The policy, and that None comes with servers. */
export function validateDns({ dnsPolicy = "", dnsConfig }: PodSpec, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!policies.includes(dnsPolicy)) errors.push(notSupportedAsListed(path.child("dnsPolicy"), dnsPolicy, policies));
  const at = path.child("dnsConfig");
  if (dnsPolicy === "None") {
    if (!dnsConfig) return [...errors, required(at, "must provide `dnsConfig` when `dnsPolicy` is None")];
    if (!dnsConfig.nameservers?.length) {
      errors.push(
        required(at.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None"),
      );
    }
  }
  if (!dnsConfig) return errors;
  const { nameservers = [], searches = [], options = [] } = dnsConfig;
  if (nameservers.length > maxNameservers) {
    errors.push(invalid(at.child("nameservers"), nameservers, `must not have more than ${maxNameservers} nameservers`));
  }
  for (const [index, server] of nameservers.entries()) {
    errors.push(...validateIPForLegacyField(at.child("nameservers").index(index), server));
  }
  if (searches.length > maxSearches) {
    errors.push(invalid(at.child("searches"), searches, `must not have more than ${maxSearches} search paths`));
  }
  if (searches.join(" ").length > maxSearchCharacters) {
    const text = `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`;
    errors.push(invalid(at.child("searches"), searches, text));
  }
  for (const [index, search] of searches.entries()) {
    const problems = search === "." ? [] : isDNS1123SubdomainWithUnderscore(search.replace(/\.$/, ""));
    errors.push(...problems.map((problem) => invalid(at.child("searches").index(index), search, problem)));
  }
  for (const [index, option] of options.entries()) {
    if (!option.name) errors.push(required(at.child("options").index(index), "must not be empty"));
  }
  return errors;
}

/** Lines of /etc/hosts. */
export function validateHostAliases({ hostAliases = [] }: PodSpec, path: Path): FieldError[] {
  return hostAliases.flatMap(({ ip, hostnames = [] }, index) => {
    const at = path.child("hostAliases").index(index);
    const names = hostnames.flatMap((name, place) =>
      isDNS1123Subdomain(name).map((problem) => invalid(at.child("hostnames").index(place), name, problem)),
    );
    return [...validateIPForLegacyField(at.child("ip"), ip ?? ""), ...names];
  });
}
