/** What kube-apiserver answered, the API core answers: all recorded cases but those of not-equal.json. */
import { describe, test } from "vitest";
import { areas } from "./cases.ts";
import { expectArea } from "./expect-area.ts";
import { replayArea } from "./replay-area.ts";

describe.each(areas())("%s", (area) => {
  test("is answered as upstream does", { timeout: 180_000 }, async () => {
    expectArea(area, await replayArea(area));
  });
});
