import { describe, expect, it } from "vitest";
import { informerZone } from "../../../../agent/dns/informer-zone.ts";
import { type Answer, recordType } from "../../../../agent/dns/message.ts";
import { answerFromZone } from "../../../../agent/dns/zone.ts";
import { InformerStore } from "../../../../lib/client/shared-informers.ts";
import type { Service } from "../../../../lib/openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../../../lib/openapi/types/discovery-v1.ts";
import { service, slice } from "../objects.ts";

const services = new InformerStore<Service>();
const slices = new InformerStore<EndpointSlice>();
const http = { name: "http", port: 80, protocol: "TCP" };
services.replace(
  [
    service("web", { clusterIP: "10.96.0.7", ports: [http] }),
    service("db", { clusterIP: "None", ports: [http] }),
    service("early", { clusterIP: "None", publishNotReadyAddresses: true }),
    service("empty", { clusterIP: "None" }),
    service("out", { type: "ExternalName", externalName: "example.com" }),
  ],
  "1",
);
slices.replace(
  [
    slice(
      "db",
      [{ ip: "10.244.0.2", hostname: "db-0" }, { ip: "10.244.0.3" }, { ip: "10.244.0.4", ready: false }],
      [{ ...http, port: 5432 }],
    ),
    slice("early", [{ ip: "10.244.0.9", ready: false }]),
  ],
  "1",
);
const source = informerZone(services, slices);

function texts(answer: Answer | undefined): string[] | number | undefined {
  if (answer === undefined) return undefined;
  if (answer.code !== 0) return answer.code;
  return answer.answers.map(({ data }) => {
    if (data.type === "A") return [...data.address].join(".");
    if (data.type === "SRV") return `${data.port} ${data.name}`;
    return "name" in data ? `${data.type} ${data.name}` : data.type;
  });
}
const ask = (name: string, type: keyof typeof recordType = "A") =>
  texts(answerFromZone(name, recordType[type], "cluster.local", source));

describe("the cluster's names", () => {
  it.each([
    { name: "web.shop.svc.cluster.local", want: ["10.96.0.7"] },
    { name: "WEB.Shop.svc.cluster.LOCAL", want: ["10.96.0.7"] },
    { name: "web.shop.svc.cluster.local", type: "AAAA", want: [] },
    { name: "none.shop.svc.cluster.local", want: 3 },
    { name: "web.none.svc.cluster.local", want: 3 },
    { name: "x.web.shop.svc.cluster.local", want: 3 },
    { name: "db.shop.svc.cluster.local", want: ["10.244.0.2", "10.244.0.3"] },
    { name: "db-0.db.shop.svc.cluster.local", want: ["10.244.0.2"] },
    { name: "10-244-0-3.db.shop.svc.cluster.local", want: ["10.244.0.3"] },
    { name: "db-9.db.shop.svc.cluster.local", want: 3 },
    { name: "early.shop.svc.cluster.local", want: ["10.244.0.9"] },
    { name: "empty.shop.svc.cluster.local", want: [] },
    { name: "out.shop.svc.cluster.local", want: ["CNAME example.com"] },
    { name: "_http._tcp.web.shop.svc.cluster.local", type: "SRV", want: ["80 web.shop.svc.cluster.local"] },
    {
      name: "_http._tcp.db.shop.svc.cluster.local",
      type: "SRV",
      want: ["5432 db-0.db.shop.svc.cluster.local", "5432 10-244-0-3.db.shop.svc.cluster.local"],
    },
    { name: "_http._udp.web.shop.svc.cluster.local", type: "SRV", want: 3 },
    { name: "shop.svc.cluster.local", want: [] },
    { name: "svc.cluster.local", want: [] },
    { name: "cluster.local", want: [] },
    { name: "1-2-3-4.shop.pod.cluster.local", want: ["1.2.3.4"] },
    { name: "not-an-ip.shop.pod.cluster.local", want: 3 },
    { name: "web.shop.cluster.local", want: 3 },
    { name: "7.0.96.10.in-addr.arpa", type: "PTR", want: ["PTR web.shop.svc.cluster.local"] },
    { name: "8.8.8.8.in-addr.arpa", type: "PTR", want: undefined },
    { name: "example.com", want: undefined },
    { name: "notcluster.local", want: undefined },
  ] as const)("$name $type", ({ name, want, ...rest }) => {
    expect(ask(name, "type" in rest ? rest.type : "A")).toEqual(want);
  });
});
