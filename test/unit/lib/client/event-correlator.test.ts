import { describe, expect, it } from "vitest";
import { EventCorrelator } from "../../../../lib/client/event-correlator.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const occurrence = (message: string, subject = "s") => ({ subject, type: "Normal", reason: "R", message });

describe("EventCorrelator", () => {
  it("tells a new occurrence from a repeated one", () => {
    const correlator = new EventCorrelator(new FakeClock());
    const first = correlator.correlate(occurrence("m"));
    expect(first).toMatchObject({ action: "create", message: "m" });
    if (first.action === "create") correlator.created(first.key, "e", first.time, 1);
    expect(correlator.correlate(occurrence("m"))).toMatchObject({ action: "update", name: "e", count: 2 });
    expect(correlator.correlate(occurrence("m", "other"))).toMatchObject({ action: "create" });
    if (first.action === "create") correlator.forget(first.key);
    expect(correlator.correlate(occurrence("m"))).toMatchObject({ action: "create" });
  });

  it("stops joining similar ones after ten quiet minutes", async () => {
    const clock = new FakeClock();
    const correlator = new EventCorrelator(clock);
    const joined = (message: string) => {
      const result = correlator.correlate(occurrence(message));
      return result.action !== "drop" && result.message.startsWith("(combined");
    };
    const results = Array.from({ length: 11 }, (_, number) => joined(`m${number}`));
    expect(results.indexOf(true)).toBe(9);
    await clock.advance(601_000);
    expect(joined("later")).toBe(false);
  });
});
