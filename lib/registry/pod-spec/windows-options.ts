/** Options of Windows containers and pods. */
import { type FieldError, invalid, type Path, pointed } from "../../apimachinery/validation/field.ts";
import { isDNS1123Subdomain } from "../../apimachinery/validation/names.ts";
import type { PodSpec, WindowsSecurityContextOptions } from "../../openapi/types/core-v1.ts";
import { allContainers } from "./visit.ts";

const maxSpecBytes = 64 * 1024;
const maxDomainLength = 256;
const maxUserLength = 104;
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
const dns = new RegExp(`^${label}(?:\\.${label})*$`);

function userProblems(text: string): string[] {
  if (text === "") return ["runAsUserName cannot be an empty string"];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(text)) return ["runAsUserName cannot contain control characters"];
  const parts = text.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const user = parts[parts.length - 1];
  const domain = parts.length === 2 ? parts[0] : undefined;
  const problems: string[] = [];
  if (domain !== undefined && domain.length >= maxDomainLength) {
    problems.push(`runAsUserName's Domain length must be under ${maxDomainLength} characters`);
  }
  if (domain !== undefined && !netBios.test(domain) && !dns.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === "") problems.push("runAsUserName's User cannot be empty");
  else if (user.length > maxUserLength) {
    problems.push(`runAsUserName's User length must not be longer than ${maxUserLength} characters`);
  }
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return problems;
}

/** Credentials and user. */
export function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, path: Path): FieldError[] {
  if (!options) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const errors: FieldError[] = [];
  if (name !== undefined) {
    const at = path.child("gmsaCredentialSpecName");
    errors.push(...isDNS1123Subdomain(name).map((problem) => invalid(at, name, problem)));
  }
  const at = path.child("gmsaCredentialSpec");
  if (spec === "") errors.push(invalid(at, spec, "gmsaCredentialSpec cannot be an empty string"));
  else if (spec !== undefined && Buffer.byteLength(spec) > maxSpecBytes) {
    errors.push(invalid(at, spec, "gmsaCredentialSpec size must be under 64 KiB"));
  }
  if (user === undefined) return errors;
  const place = path.child("runAsUserName");
  return [...errors, ...userProblems(user).map((problem) => invalid(place, pointed(user), problem))];
}

/** HostProcess: all containers of a pod or none. */
export function validateHostProcess(spec: PodSpec, path: Path): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  const containers = allContainers(spec, path);
  let count = 0;
  for (const [{ securityContext }, at] of containers) {
    const own = securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const text = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      errors.push(invalid(at.child("securityContext", "windowsOptions", "hostProcess"), own, text));
    }
    if (own ?? ofPod) count++;
  }
  if (count === 0) return errors;
  if (count !== containers.length) {
    const text = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.push(invalid(path, "", text));
  }
  if (!spec.hostNetwork) {
    const text = "hostNetwork must be true if pod contains any hostProcess containers";
    errors.push(invalid(path.child("hostNetwork"), false, text));
  }
  return errors;
}
