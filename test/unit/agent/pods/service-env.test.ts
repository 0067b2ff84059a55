import { expect, it } from "vitest";
import { serviceEnv, servicesForPod } from "../../../../agent/pods/service-env.ts";
import { service } from "../objects.ts";

it("tells where a Service is, as Docker's links did", () => {
  const ports = [
    { name: "http", port: 80 },
    { name: "dns-udp", port: 53, protocol: "UDP" },
  ];
  expect(Object.fromEntries(serviceEnv([service("my-web", { clusterIP: "10.96.0.7", ports })]))).toEqual({
    MY_WEB_SERVICE_HOST: "10.96.0.7",
    MY_WEB_SERVICE_PORT: "80",
    MY_WEB_SERVICE_PORT_HTTP: "80",
    MY_WEB_SERVICE_PORT_DNS_UDP: "53",
    MY_WEB_PORT: "tcp://10.96.0.7:80",
    MY_WEB_PORT_80_TCP: "tcp://10.96.0.7:80",
    MY_WEB_PORT_80_TCP_PROTO: "tcp",
    MY_WEB_PORT_80_TCP_PORT: "80",
    MY_WEB_PORT_80_TCP_ADDR: "10.96.0.7",
    MY_WEB_PORT_53_UDP: "udp://10.96.0.7:53",
    MY_WEB_PORT_53_UDP_PROTO: "udp",
    MY_WEB_PORT_53_UDP_PORT: "53",
    MY_WEB_PORT_53_UDP_ADDR: "10.96.0.7",
  });
});

it("says nothing of headless Services", () => {
  expect(serviceEnv([service("x", { clusterIP: "None", ports: [{ port: 1 }] })]).size).toBe(0);
});

it("a pod is told of its namespace's Services and of the API server", () => {
  const all = [service("a", {}, "shop"), service("b", {}, "other"), service("kubernetes", {}, "default")];
  const names = (links: boolean) => servicesForPod(all, "shop", links).map(({ metadata }) => metadata.name);
  expect(names(true)).toEqual(["a", "kubernetes"]);
  expect(names(false)).toEqual(["kubernetes"]);
});
