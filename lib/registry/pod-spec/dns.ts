/** DNS configuration and host aliases. */
import { type FieldError, invalid, type Path, required } from "../../apimachinery/validation/field.ts";
import { validateIPForLegacyField } from "../../apimachinery/validation/ip.ts";
import { isDNS1123Subdomain, isDNS1123SubdomainWithUnderscore } from "../../apimachinery/validation/names.ts";
import type { HostAlias, PodDNSConfig, PodSpec } from "../../openapi/types/core-v1.ts";

const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;

function validateNameservers({ nameservers = [] }: PodDNSConfig, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (nameservers.length > maxNameservers) {
    errors.push(invalid(path, nameservers, `must not have more than ${maxNameservers} nameservers`));
  }
  return [...errors, ...nameservers.flatMap((server, index) => validateIPForLegacyField(path.index(index), server))];
}

function validateSearches({ searches = [] }: PodDNSConfig, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (searches.length > maxSearches) {
    errors.push(invalid(path, searches, `must not have more than ${maxSearches} search paths`));
  }
  if (searches.join(" ").length > maxSearchCharacters) {
    const text = `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`;
    errors.push(invalid(path, searches, text));
  }
  for (const [index, search] of searches.entries()) {
    if (search === ".") continue;
    const name = search.replace(/\.$/, "");
    const problems = isDNS1123SubdomainWithUnderscore(name);
    errors.push(...problems.map((problem) => invalid(path.index(index), name, problem)));
  }
  return errors;
}

/** spec.dnsConfig; the policy None needs it to name servers. */
export function validateDnsConfig({ dnsPolicy, dnsConfig }: PodSpec, path: Path): FieldError[] {
  if (dnsPolicy === "None" && !dnsConfig) {
    return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")];
  }
  if (!dnsConfig) return [];
  const at = path.child("nameservers");
  if (dnsPolicy === "None" && !dnsConfig.nameservers?.length) {
    return [required(at, "must provide at least one DNS nameserver when `dnsPolicy` is None")];
  }
  const options = (dnsConfig.options ?? []).flatMap(({ name }, index) =>
    name ? [] : [required(path.child("options").index(index), "must not be empty")],
  );
  return [...validateNameservers(dnsConfig, at), ...validateSearches(dnsConfig, path.child("searches")), ...options];
}

/** Lines of /etc/hosts. */
export function validateHostAliases(aliases: readonly HostAlias[] | undefined, path: Path): FieldError[] {
  return (aliases ?? []).flatMap(({ ip = "", hostnames = [] }, index) => {
    const at = path.index(index);
    const names = hostnames.flatMap((name, place) =>
      isDNS1123Subdomain(name).map((problem) => invalid(at.child("hostnames").index(place), name, problem)),
    );
    return [...validateIPForLegacyField(at.child("ip"), ip), ...names];
  });
}
