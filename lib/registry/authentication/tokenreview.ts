/** Whose token is this: TokenReview (upstream: pkg/registry/authentication/tokenreview). */
import { newBadRequest } from "../../apimachinery/errors.ts";
import type { TokenReview, TokenReviewStatus } from "../../openapi/types/authentication-v1.ts";
import { accessOf } from "../authorization/access-reviews.ts";
import type { Access, Strategy } from "../strategy.ts";
import { shownUser } from "./user-info.ts";

async function statusOf(access: Access, token: string, audiences: readonly string[]): Promise<TokenReviewStatus> {
  try {
    const identity = await access.authenticateToken(token, audiences);
    return { authenticated: true, user: shownUser(identity.user), audiences: [...(identity.audiences ?? [])] };
  } catch (error) {
    return { user: {}, error: error instanceof Error ? error.message : String(error) };
  }
}

/** tokenreviews */
export const tokenReviewStrategy: Strategy<TokenReview> = {
  async review(review, context) {
    const { token, audiences = [] } = review.spec;
    if (!token) throw newBadRequest("token is required for TokenReview in authentication");
    return { ...review, status: await statusOf(accessOf(context), token, audiences) };
  },
};
