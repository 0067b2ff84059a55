/** Image references, as far as pull policies look at them (upstream: pkg/util/parsers, distribution/reference). */

const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const reference = new RegExp(
  `^(?:${domain}/)?${component}(?:/${component})*(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>${digest}))?$`,
);
/** An image's id: no name. */
const identifier = /^[a-f0-9]{64}$/;

/**
 * Whether a reference means whatever is newest: it names `latest`, or neither tag nor digest. A malformed one means
 * nothing.
 */
export function isLatest(image: string): boolean {
  const groups = identifier.test(image) ? undefined : reference.exec(image)?.groups;
  if (!groups) return false;
  return groups.tag === "latest" || (groups.tag === undefined && groups.digest === undefined);
}
