/** How a signed URL may have been changed on its way, and what is said of it. */
export const changedUrls: readonly { name: string; change: (url: string) => string; want: string }[] = [
  {
    name: "another host",
    change: (url) => url.replace("sts.eu-west-1.amazonaws.com", "sts.example.com"),
    want: "unexpected hostname",
  },
  {
    name: "a host like STS's",
    change: (url) => url.replace("amazonaws.com/", "amazonaws.com.example.com/"),
    want: "unexpected hostname",
  },
  { name: "another service", change: (url) => url.replace("//sts.", "//sqs."), want: "unexpected hostname" },
  {
    name: "another partition",
    change: (url) => url.replace("sts.eu-west-1.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn"),
    want: "unexpected hostname",
  },
  { name: "a port", change: (url) => url.replace(".com/", ".com:8443/"), want: "unexpected hostname" },
  { name: "a user", change: (url) => url.replace("https://", "https://sts.amazonaws.com@"), want: "unexpected" },
  {
    name: "another host behind the path",
    change: (url) => url.replace(".com/", ".com@example.com/"),
    want: "unexpected path",
  },
  {
    name: "http and a host that is STS's but for its first letter",
    change: (url) => url.replace("https://", "http://x"),
    want: 'unexpected scheme "http"',
  },
  { name: "http", change: (url) => url.replace("https:", "http:"), want: 'unexpected scheme "http"' },
  { name: "another path", change: (url) => url.replace(".com/", ".com/x"), want: "unexpected path" },
  { name: "no path", change: (url) => url.replace(".com/", ".com"), want: "unexpected path" },
  { name: "an encoded path", change: (url) => url.replace(".com/", ".com/%2e%2e/"), want: "unexpected path" },
  { name: "a backslash", change: (url) => url.replace(".com/", ".com\\"), want: "unexpected path" },
  { name: "a fragment", change: (url) => `${url}#x`, want: "malformed URL" },
  { name: "a line break", change: (url) => `${url}\r\nx: y`, want: "malformed URL" },
  { name: "no URL", change: () => "hello", want: "malformed URL" },
  {
    name: "an extra parameter",
    change: (url) => `${url}&DurationSeconds=1`,
    want: 'non-whitelisted query parameter "durationseconds"',
  },
  {
    name: "a repeated parameter",
    change: (url) => `${url}&Action=GetCallerIdentity`,
    want: 'duplicate query parameter found: "action"',
  },
  {
    name: "a parameter in two cases",
    change: (url) => `${url}&x-amz-credential=eve`,
    want: 'duplicate query parameter found: "x-amz-credential"',
  },
  {
    name: "a parameter in another encoding",
    change: (url) => `${url}&%41ction=x`,
    want: 'duplicate query parameter found: "action"',
  },
  { name: "a broken encoding", change: (url) => `${url}%gh`, want: "malformed query parameter" },
  {
    name: "another action",
    change: (url) => url.replace("GetCallerIdentity", "AssumeRole"),
    want: "unexpected action",
  },
  {
    name: "no signed cluster",
    change: (url) => url.replace("%3Bx-k8s-aws-id", ""),
    want: "client did not sign the x-k8s-aws-id header",
  },
  {
    name: "no signed host",
    change: (url) => url.replace("host%3B", ""),
    want: "client did not sign the host header",
  },
  {
    name: "a long expiry",
    change: (url) => url.replace("X-Amz-Expires=60", "X-Amz-Expires=901"),
    want: "invalid X-Amz-Expires",
  },
  {
    name: "an expiry below nought",
    change: (url) => url.replace("X-Amz-Expires=60", "X-Amz-Expires=-1"),
    want: "invalid X-Amz-Expires",
  },
  {
    name: "a date that is none",
    change: (url) => url.replace(/X-Amz-Date=\w+/, "X-Amz-Date=20261301T000000Z"),
    want: "error parsing X-Amz-Date",
  },
  {
    name: "a date in other words",
    change: (url) => url.replace(/X-Amz-Date=\w+/, "X-Amz-Date=yesterday"),
    want: "error parsing X-Amz-Date",
  },
  {
    name: "an old date",
    change: (url) => url.replace(/X-Amz-Date=\w+/, "X-Amz-Date=20250101T000000Z"),
    want: "expired",
  },
  {
    name: "a date to come",
    change: (url) => url.replace(/X-Amz-Date=\w+/, "X-Amz-Date=20990101T000000Z"),
    want: "in the future",
  },
  {
    name: "nothing but a host",
    change: () => "https://sts.eu-west-1.amazonaws.com/?",
    want: "missing query parameter",
  },
];
