import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { parseQuery, recordType, response } from "../../../../agent/dns/message.ts";
import { ask, type DnsServer, serveDns } from "../../../../agent/dns/server.ts";
import type { ZoneSource } from "../../../../agent/dns/zone.ts";
import { service, slice } from "../objects.ts";

const servers: DnsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const many = Array.from({ length: 100 }, (_, index) => ({ ip: `10.244.1.${index}` }));
const source: ZoneSource = {
  service: (_namespace, name) =>
    name === "web"
      ? service("web", { clusterIP: "10.96.0.7", ports: [{ name: "http", port: 80 }] })
      : name === "many"
        ? service("many", { clusterIP: "None" })
        : undefined,
  slices: () => [slice("many", many)],
  servicesByIp: () => [],
  hasNamespace: () => true,
};

async function serve(upstreams: string[] = []): Promise<{ resolver: Resolver; server: DnsServer }> {
  const server = await serveDns({
    address: "127.0.0.1",
    port: 0,
    domain: "cluster.local",
    source,
    upstreams: () => upstreams,
  });
  servers.push(server);
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.port}`]);
  return { resolver, server };
}

it("answers a resolver's questions", async () => {
  const { resolver } = await serve();
  expect(await resolver.resolve4("web.shop.svc.cluster.local", { ttl: true })).toEqual([
    { address: "10.96.0.7", ttl: 5 },
  ]);
  expect(await resolver.resolveSrv("_http._tcp.web.shop.svc.cluster.local")).toMatchObject([
    { name: "web.shop.svc.cluster.local", port: 80 },
  ]);
  await expect(resolver.resolve4("none.shop.svc.cluster.local")).rejects.toMatchObject({ code: "ENOTFOUND" });
  await expect(resolver.resolve6("web.shop.svc.cluster.local")).rejects.toMatchObject({ code: "ENODATA" });
});

it("sends by TCP what is too long for UDP", async () => {
  const { resolver } = await serve();
  expect(await resolver.resolve4("many.shop.svc.cluster.local")).toHaveLength(100);
});

it("asks the machine's servers for other names, the next when one fails", async () => {
  const other = createSocket("udp4");
  await new Promise<void>((resolve) => other.bind(0, "127.0.0.1", resolve));
  other.on("message", (bytes, from) => {
    const query = parseQuery(bytes);
    const data = { type: "A" as const, address: Buffer.from([192, 0, 2, 7]) };
    const answers = [{ name: query.question.name, ttlSeconds: 60, data }];
    other.send(response(query, { code: 0, answers }, 512), from.port, from.address);
  });
  const silent = createSocket("udp4");
  await new Promise<void>((resolve) => silent.bind(0, "127.0.0.1", resolve));
  const closed = silent.address().port;
  await new Promise<void>((resolve) => silent.close(() => resolve()));
  const { resolver } = await serve([`127.0.0.1:${closed}`, `127.0.0.1:${other.address().port}`]);
  expect(await resolver.resolve4("example.com")).toEqual(["192.0.2.7"]);
  other.close();
});

it("says that it failed where nobody answers", async () => {
  const { resolver } = await serve();
  await expect(resolver.resolve4("example.com")).rejects.toMatchObject({ code: "ESERVFAIL" });
});

it("lives through what is no message", async () => {
  const { resolver, server } = await serve();
  const socket = createSocket("udp4");
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from("nonsense"),
    Buffer.alloc(600, 0xff),
    Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c]),
  ]) {
    await new Promise((resolve) => socket.send(bytes, server.port, "127.0.0.1", resolve));
  }
  socket.close();
  const tcp = connect(server.port, "127.0.0.1");
  await new Promise((resolve) => tcp.write(Buffer.from([0, 2, 1, 1]), resolve));
  tcp.destroy();
  expect(await resolver.resolve4("web.shop.svc.cluster.local")).toEqual(["10.96.0.7"]);
});

it("a query is read as it was sent, with what its sender takes", async () => {
  const { server } = await serve();
  const name = Buffer.from("\u0003web\u0004shop\u0003svc\u0007cluster\u0005local\u0000", "latin1");
  const opt = Buffer.from([0, 0, recordType.OPT, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
  const query = Buffer.concat([
    Buffer.from([0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]),
    name,
    Buffer.from([0, 1, 0, 1]),
    opt,
  ]);
  expect(parseQuery(query)).toMatchObject({
    id: 0xabcd,
    question: { name: "web.shop.svc.cluster.local", type: 1 },
    maxBytes: 1232,
    hasOpt: true,
  });
  const reply = await ask(`127.0.0.1:${server.port}`, query, true);
  expect([reply.readUInt16BE(0), reply.readUInt16BE(6), reply.readUInt16BE(10)]).toEqual([0xabcd, 1, 1]);
});
