import { expect, it } from "vitest";
import { Tokens } from "../../../../../agent/pods/volumes/tokens.ts";
import type { Client } from "../../../../../lib/client/interface.ts";
import { pod } from "../../objects.ts";

it("asks anew when four fifths of the time have passed; an old one will do while the server is away", async () => {
  let now = 0;
  let away = false;
  const asked: unknown[] = [];
  const client = {
    createSubresource: async (_resource: unknown, _name: unknown, subresource: string, body: { spec: object }) => {
      if (away) throw new Error("away");
      asked.push({ subresource, ...body.spec });
      return { status: { token: `t${asked.length}`, expirationTimestamp: new Date(now + 1_000_000).toISOString() } };
    },
  } as unknown as Client;
  const tokens = new Tokens(client, { now: () => now, sleep: async () => {} });
  const get = () => tokens.get(pod(), "me", 1000);
  expect(await get()).toBe("t1");
  now = 799_000;
  expect(await get()).toBe("t1");
  now = 801_000;
  away = true;
  expect(await get()).toBe("t1");
  away = false;
  expect(await get()).toBe("t2");
  expect(asked[0]).toMatchObject({
    subresource: "token",
    audiences: ["me"],
    expirationSeconds: 1000,
    boundObjectRef: { kind: "Pod", name: "web", uid: "u1" },
  });
  now = 2_000_000;
  away = true;
  await expect(get()).rejects.toThrow("away");
});
