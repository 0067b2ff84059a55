import { expect, it } from "vitest";
import { checkNode, type Machine, requirements, setupNode, whyNoNode } from "../../../../lib/local/node-setup.ts";

const everything = [
  "/usr/bin/containerd",
  "/usr/sbin/runc",
  "/usr/lib/cni/bridge",
  "/usr/sbin/nft",
  "/sbin/ip",
  "/bin/mount",
  "/usr/sbin/conntrack",
  "/sbin/modprobe",
];
const kernel = ["/sys/fs/cgroup/cgroup.controllers"];

function machine(paths: string[], more: Partial<Machine> = {}): Machine {
  const there = new Set([...kernel, ...paths]);
  return {
    platform: "linux",
    arch: "x64",
    uid: 0,
    exists: (path) => there.has(path),
    read: () => "nodev\toverlay\n",
    ...more,
  };
}

it("finds everything where it is", () => {
  const found = checkNode(machine(everything));
  expect(found).toMatchObject({ missing: [], obstacles: [] });
  expect(whyNoNode(found)).toBeUndefined();
});

it("names what is missing; a node does without conntrack", () => {
  const without = (name: string) => checkNode(machine(everything.filter((path) => !path.endsWith(name))));
  expect(whyNoNode(without("/containerd"))).toBe("containerd is not installed; to install: coracle node setup");
  expect(without("/conntrack").missing.map(({ apt }) => apt)).toEqual(["conntrack"]);
  expect(whyNoNode(without("/conntrack"))).toBeUndefined();
});

it.each([
  { more: { platform: "darwin" }, want: "Containers need Linux; this is darwin." },
  { more: { arch: "riscv64" }, want: "Nodes run on amd64 and arm64 processors; this one is riscv64." },
  { more: { uid: 1000 }, want: "A node needs root" },
  { more: { exists: () => false }, want: "There are no control groups" },
  { more: { read: () => "" }, want: "no overlay file system" },
])("$want", ({ more, want }) => {
  expect(whyNoNode(checkNode(machine(everything, more)))).toContain(want);
});

function setup(paths: string[], exitCode = 0) {
  const there = [...paths];
  const said: string[] = [];
  const ran: string[][] = [];
  const here: Machine = { ...machine([]), exists: (path) => [...kernel, ...there].includes(path) };
  const done = setupNode({
    machine: here,
    say: (line) => said.push(line),
    run: (command) => {
      ran.push([...command]);
      if (exitCode === 0) there.push(...everything);
      return exitCode;
    },
  });
  return { done, said: said.join("\n"), ran };
}

it("installs what is missing with apt, and says so", () => {
  const { done, said, ran } = setup(["/usr/bin/apt-get", "/sbin/ip", "/bin/mount"]);
  expect(done).toBe(true);
  expect(ran[1]).toEqual(
    [
      "apt-get",
      "install",
      "-q",
      "-y",
      "--no-install-recommends",
      "containerd",
      "runc",
      "containernetworking-plugins",
    ].concat("nftables", "conntrack", "kmod"),
  );
  expect(said).toContain("$ apt-get install");
  expect(said).toContain("A node can run here.");
});

it("installs with dnf by its own names", () => {
  const { ran } = setup(["/usr/bin/dnf", "/bin/mount"]);
  expect(ran).toHaveLength(1);
  expect(ran[0]).toEqual(expect.arrayContaining(["dnf", "install", "-y", "iproute", "conntrack-tools"]));
});

it("installs nothing where nothing is missing", () => {
  expect(setup(everything)).toMatchObject({ done: true, ran: [] });
});

it("says what to do when it can't", () => {
  expect(setup(["/usr/bin/apt-get"], 100)).toMatchObject({
    done: false,
    said: expect.stringContaining("apt-get ended with 100"),
  });
  expect(setup([])).toMatchObject({ done: false, said: expect.stringContaining("install by hand: containerd runc") });
});

it("every requirement has a package in both worlds", () => {
  for (const { apt, dnf, shows } of requirements)
    expect([apt, dnf, shows.length > 0]).toEqual([expect.any(String), expect.any(String), true]);
});
