/** Who am I: SelfSubjectReview (upstream: pkg/registry/authentication/selfsubjectreview). */
import { timeText } from "../../apimachinery/clock.ts";
import type { SelfSubjectReview } from "../../openapi/types/authentication-v1.ts";
import type { Strategy } from "../strategy.ts";
import { shownUser } from "./user-info.ts";

/** selfsubjectreviews */
export const selfSubjectReviewStrategy: Strategy<SelfSubjectReview> = {
  async review({ apiVersion, kind }, { clock, user }) {
    const metadata = { creationTimestamp: timeText(clock.now()) } as SelfSubjectReview["metadata"];
    return { kind, apiVersion, metadata, status: { userInfo: shownUser(user) } };
  },
};
