import { expect, test } from "vitest";
import { Turns } from "../../../../../lib/aws/dynamodb/turns.ts";

test("no more than so many have a turn at once, in the order in which they came, also after a failure", async () => {
  const turns = new Turns(2);
  const started: string[] = [];
  const ends = new Map<string, (failure?: Error) => void>();
  const run = (name: string) =>
    turns.run(() => {
      started.push(name);
      return new Promise<string>((resolve, reject) => {
        ends.set(name, (failure) => (failure ? reject(failure) : resolve(name)));
      });
    });
  const end = async (name: string, result: Promise<string>, failure?: Error) => {
    ends.get(name)?.(failure);
    return result.catch((error: Error) => error.message);
  };
  const [a, b, c, d] = ["a", "b", "c", "d"].map(run);
  expect(started).toEqual(["a", "b"]);
  expect(await end("b", b, new Error("no"))).toBe("no");
  expect(started).toEqual(["a", "b", "c"]);
  expect(await end("a", a)).toBe("a");
  expect(started).toEqual(["a", "b", "c", "d"]);
  expect(await end("c", c)).toBe("c");
  expect(await end("d", d)).toBe("d");
  expect(await end("e", run("e"))).toBe("e");
});
