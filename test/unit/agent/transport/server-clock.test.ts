import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dateOf, ServerClock } from "../../../../agent/transport/server-clock.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

describe("a machine whose clock is five hours off", () => {
  const hour = 3_600_000;
  const machine = new FakeClock();
  let looks = 0;
  let failure: Error | undefined;
  const clock = new ServerClock(machine, async () => {
    if (failure) throw failure;
    looks++;
    return machine.now() + 5 * hour;
  });

  it("has the server's time once it has asked, and asks once an hour at most", async () => {
    failure = new Error("away");
    await expect(clock.set()).rejects.toThrow("away");
    failure = undefined;
    await Promise.all([clock.set(), clock.set()]);
    await clock.set();
    expect([clock.now() - machine.now(), looks]).toEqual([5 * hour, 1]);
    await machine.advance(hour);
    await clock.set();
    expect(looks).toBe(2);
    let woken = false;
    void clock.sleep(10).then(() => {
      woken = true;
    });
    await machine.advance(10);
    expect(woken).toBe(true);
  });
});

describe("a server's time", () => {
  let server: Server;
  let date: string | undefined;
  let url: string;

  beforeEach(async () => {
    server = createServer((_request, response) => {
      response.sendDate = false;
      if (date !== undefined) response.setHeader("date", date);
      response.writeHead(401);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/version`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it("is in its answers, even where it refuses", async () => {
    date = "Thu, 01 Jan 2026 12:00:00 GMT";
    expect(await dateOf(url)).toBe(Date.parse("2026-01-01T12:00:00Z"));
  });

  it("may be missing", async () => {
    date = undefined;
    await expect(dateOf(url)).rejects.toThrow("does not say what time it is");
  });
});
