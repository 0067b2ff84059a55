import { describe, expect, it } from "vitest";
import { isStsHost } from "../../../../../../lib/apiserver/authentication/iam/sts-hosts.ts";

describe("STS's hosts", () => {
  it.each([
    ["eu-west-1", "sts.amazonaws.com"],
    ["eu-west-1", "sts.eu-west-1.amazonaws.com"],
    ["eu-west-1", "sts.ap-southeast-2.amazonaws.com"],
    ["eu-west-1", "sts.us-west-2.api.aws"],
    ["eu-west-1", "sts-fips.us-east-1.amazonaws.com"],
    ["cn-north-1", "sts.cn-northwest-1.amazonaws.com.cn"],
    ["cn-north-1", "sts.cn-north-1.api.amazonwebservices.com.cn"],
    ["us-gov-west-1", "sts.us-gov-east-1.amazonaws.com"],
    ["us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"],
    ["us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"],
    ["eu-isoe-west-1", "sts.eu-isoe-west-1.cloud.adc-e.uk"],
    ["us-isof-south-1", "sts.us-isof-south-1.csp.hci.ic.gov"],
    ["eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"],
    ["new-region", "sts.new-region.amazonaws.com"],
  ])("in %s are %s", (region, host) => expect(isStsHost(host, region)).toBe(true));

  it.each([
    ["eu-west-1", "sts.cn-north-1.amazonaws.com.cn"],
    ["eu-west-1", "sts.us-gov-west-1.amazonaws.com"],
    ["eu-west-1", "sts.new-region.amazonaws.com"],
    ["eu-west-1", "sts.amazonaws.com.cn"],
    ["eu-west-1", "website.amazonaws.com"],
    ["eu-west-1", "sts-fips.eu-west-1.amazonaws.com"],
    ["eu-west-1", "sts.eu-west-1.amazonaws.com."],
    ["eu-west-1", "STS.eu-west-1.amazonaws.com"],
    ["eu-west-1", "sts.eu-west-1.example.amazonaws.com"],
    ["eu-west-1", "sts.eu-west-1.amazonaws.com:443"],
    ["eu-west-1", "xsts.eu-west-1.amazonaws.com"],
    ["eu-west-1", "sts..amazonaws.com"],
    ["eu-west-1", ""],
    ["cn-north-1", "sts.amazonaws.com"],
    ["cn-north-1", "sts.us-east-1.amazonaws.com"],
    ["us-gov-west-1", "sts.us-east-1.amazonaws.com"],
    ["us-iso-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"],
  ])("in %s are not %s", (region, host) => expect(isStsHost(host, region)).toBe(false));
});
