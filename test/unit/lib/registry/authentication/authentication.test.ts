import { expect, it } from "vitest";
import { selfSubjectReviewStrategy } from "../../../../../lib/registry/authentication/selfsubjectreview.ts";
import { tokenReviewStrategy } from "../../../../../lib/registry/authentication/tokenreview.ts";
import { shownUser } from "../../../../../lib/registry/authentication/user-info.ts";
import type { StrategyContext } from "../../../../../lib/registry/strategy.ts";

const user = { username: "jane", groups: ["g"], extra: { a: ["b"] } };
const context = {
  user,
  clock: { now: () => 0 },
  access: {
    async authenticateToken(token: string, audiences: readonly string[]) {
      if (token !== "good") throw new Error("invalid bearer token");
      return { user, audiences };
    },
  },
} as unknown as StrategyContext;
const review = (spec: object) => ({ metadata: {}, spec }) as never;

it("shows a user without empty parts", () => {
  expect(shownUser({ username: "x", groups: [] })).toEqual({ username: "x" });
  expect(shownUser(user)).toEqual(user);
});

it("tells who somebody is", async () => {
  const answer = await selfSubjectReviewStrategy.review?.({ metadata: {} } as never, context);
  expect(answer).toMatchObject({ metadata: { creationTimestamp: "1970-01-01T00:00:00Z" }, status: { userInfo: user } });
});

it("tells whose token it is, or why it is nobody's", async () => {
  const good = await tokenReviewStrategy.review?.(review({ token: "good", audiences: ["x"] }), context);
  expect(good?.status).toEqual({ authenticated: true, user, audiences: ["x"] });
  const bad = await tokenReviewStrategy.review?.(review({ token: "bad" }), context);
  expect(bad?.status).toEqual({ user: {}, error: "invalid bearer token" });
  await expect(tokenReviewStrategy.review?.(review({ token: "" }), context)).rejects.toThrow("token is required");
});
