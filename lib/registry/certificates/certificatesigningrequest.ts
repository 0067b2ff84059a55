/** CertificateSigningRequests (upstream: pkg/registry/certificates/certificates). */
import { timeText } from "../../apimachinery/clock.ts";
import type { CertificateSigningRequest } from "../../openapi/types/certificates-v1.ts";
import { ageCell, durationCell } from "../printers/cells.ts";
import type { Strategy, StrategyContext } from "../strategy.ts";
import { validate, validateUpdate } from "./validation.ts";

type Request = CertificateSigningRequest;

/** New conditions get the time; a transition is one of the status alone. */
function setTimes(request: Request, old: Request, { clock }: StrategyContext): void {
  const now = timeText(clock.now());
  for (const condition of request.status?.conditions ?? []) {
    condition.lastUpdateTime ??= now;
    const same = old.status?.conditions?.find(
      ({ type, status, lastTransitionTime }) =>
        type === condition.type && status === condition.status && lastTransitionTime,
    );
    condition.lastTransitionTime ??= same?.lastTransitionTime ?? now;
  }
}

/** Approvals stay as they are where their number does. */
function keepApprovals(request: Request, old: Request): void {
  for (const type of ["Approved", "Denied"]) {
    const stored = (old.status?.conditions ?? []).filter((condition) => condition.type === type);
    const given = (request.status?.conditions ?? []).filter((condition) => condition.type === type);
    if (stored.length !== given.length) continue;
    for (const [index, condition] of given.entries()) Object.assign(condition, stored[index]);
  }
}

function state({ status }: Request): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type);
  const decided = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  return `${decided}${has("Failed") ? ",Failed" : ""}${status?.certificate ? ",Issued" : ""}`;
}

/** certificatesigningrequests */
export const certificateSigningRequestStrategy: Strategy<Request> = {
  validateName: () => [],
  prepareForCreate(request, { user }) {
    const { username, uid, groups, extra = {} } = user;
    const { username: _, uid: __, groups: ___, extra: ____, ...asked } = request.spec;
    const entries = Object.entries(extra).map(([key, values]) => [key, [...values]] as [string, string[]]);
    request.spec = {
      ...asked,
      ...(username === "" ? {} : { username }),
      ...(uid ? { uid } : {}),
      ...(groups.length === 0 ? {} : { groups: [...groups] }),
      ...(entries.length === 0 ? {} : { extra: Object.fromEntries(entries) }),
    };
    request.status = {};
  },
  validate: (request) => validate(request),
  prepareForUpdate(request, old) {
    request.spec = old.spec;
    request.status = old.status;
  },
  validateUpdate: (request, old) => validateUpdate(request, old, { approval: false, certificate: false }),
  updateSubresources: {
    status: {
      prepareForUpdate(request, old, context) {
        request.spec = old.spec;
        keepApprovals(request, old);
        setTimes(request, old, context);
      },
      validateUpdate: (request, old) => validateUpdate(request, old, { approval: false, certificate: true }),
    },
    approval: {
      prepareForUpdate(request, old, context) {
        setTimes(request, old, context);
        const conditions = request.status?.conditions;
        request.spec = old.spec;
        request.status = { ...old.status, conditions };
      },
      validateUpdate: (request, old) => validateUpdate(request, old, { approval: true, certificate: false }),
    },
  },
  selectableFields: ({ spec }) => ({ "spec.signerName": spec.signerName }),
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    ageCell(metadata.creationTimestamp, now),
    spec.signerName || "<none>",
    spec.username ?? "",
    spec.expirationSeconds === undefined ? "<none>" : durationCell(spec.expirationSeconds * 1000),
    state({ metadata, spec, status }),
  ],
};
