/** The hosts of AWS' Security Token Service (upstream: aws-iam-authenticator's pkg/endpoints). */

interface Partition {
  readonly regions: RegExp;
  /** `sts.REGION.SUFFIX` are its hosts: of IPv4 alone, then of both stacks. */
  readonly suffixes: readonly string[];
  /** Regions that have `sts-fips.REGION.SUFFIX`. */
  readonly fips?: RegExp;
  /** Hosts that belong to no region. */
  readonly global?: readonly string[];
}

const partitions: Readonly<Record<string, Partition>> = {
  aws: {
    regions: /^(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/,
    suffixes: ["amazonaws.com", "api.aws"],
    fips: /^(?:us|ca)-/,
    global: ["sts.amazonaws.com"],
  },
  "aws-cn": { regions: /^cn-[a-z]+-\d+$/, suffixes: ["amazonaws.com.cn", "api.amazonwebservices.com.cn"] },
  "aws-us-gov": { regions: /^us-gov-[a-z]+-\d+$/, suffixes: ["amazonaws.com", "api.aws"] },
  "aws-iso": { regions: /^us-iso-[a-z]+-\d+$/, suffixes: ["c2s.ic.gov"] },
  "aws-iso-b": { regions: /^us-isob-[a-z]+-\d+$/, suffixes: ["sc2s.sgov.gov"] },
  "aws-iso-e": { regions: /^eu-isoe-[a-z]+-\d+$/, suffixes: ["cloud.adc-e.uk"] },
  "aws-iso-f": { regions: /^us-isof-[a-z]+-\d+$/, suffixes: ["csp.hci.ic.gov"] },
  "aws-eusc": { regions: /^eusc-[a-z]+-[a-z]+-\d+$/, suffixes: ["amazonaws.eu", "api.amazonwebservices.eu"] },
};

const regionText = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** The partition of a region; a region that is not known yet is one of the commercial partition. */
function partitionOf(region: string): Partition {
  return Object.values(partitions).find(({ regions }) => regions.test(region)) ?? partitions.aws;
}

/**
 * Whether a host is STS's, as a caller may name it to a server that runs in `region`: any region of the server's
 * partition, the server's own though it be unknown here, and the global endpoint where the partition has one.
 */
export function isStsHost(host: string, region: string): boolean {
  const { regions, suffixes, fips, global = [] } = partitionOf(region);
  if (global.includes(host)) return true;
  const [, service, named = "", suffix = ""] = /^(sts|sts-fips)\.([^.]+)\.(.+)$/.exec(host) ?? [];
  if (service === undefined || !regionText.test(named) || !suffixes.includes(suffix)) return false;
  if (!regions.test(named) && named !== region) return false;
  return service === "sts" || fips?.test(named) === true;
}
