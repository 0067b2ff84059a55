/** The configuration of the containerd that belongs to this node alone: nothing of it is shared with another one. */
import { join } from "node:path";

/** Where the node's containerd keeps what. */
export interface ContainerdLayout {
  readonly folder: string;
  readonly config: string;
  readonly socket: string;
  readonly root: string;
  readonly state: string;
  /** CNI network configurations. */
  readonly cniConf: string;
  /** One folder a registry (`HOST:PORT/hosts.toml`): mirrors and certificates. */
  readonly registries: string;
}

/** Differences between machines. */
export interface ContainerdFacts {
  readonly cniBin: string;
  /** Whether CAP_SYS_RESOURCE is missing: then no process's OOM score may be lowered. */
  readonly restrictOomScoreAdj: boolean;
  readonly systemdCgroup: boolean;
  readonly snapshotter: "overlayfs" | "native";
  readonly sandboxImage: string;
  /** 1 for containerd 1.x, 2 for 2.x: the sections have other names there. */
  readonly majorVersion: number;
}

/**
 * The layout under a folder. The socket's path must stay under 108 bytes, so a long folder has it under /run, named by
 * the folder's hash.
 */
export function containerdLayout(folder: string, runFolder: string): ContainerdLayout {
  return {
    folder,
    config: join(folder, "config.toml"),
    socket: join(runFolder, "containerd.sock"),
    root: join(folder, "root"),
    state: join(runFolder, "state"),
    cniConf: join(folder, "cni"),
    registries: join(folder, "registries"),
  };
}

const quoted = (text: string) => JSON.stringify(text);

/** The configuration file's text. */
export function containerdConfig(layout: ContainerdLayout, facts: ContainerdFacts): string {
  const head = [
    `version = ${facts.majorVersion >= 2 ? 3 : 2}`,
    `root = ${quoted(layout.root)}`,
    `state = ${quoted(layout.state)}`,
    "[grpc]",
    `  address = ${quoted(layout.socket)}`,
    "[ttrpc]",
    `  address = ${quoted(`${layout.socket}.ttrpc`)}`,
    `[plugins."io.containerd.internal.v1.opt"]`,
    `  path = ${quoted(join(layout.folder, "opt"))}`,
  ];
  return `${[...head, ...(facts.majorVersion >= 2 ? version2(layout, facts) : version1(layout, facts))].join("\n")}\n`;
}

function version1(layout: ContainerdLayout, facts: ContainerdFacts): string[] {
  const cri = `plugins."io.containerd.grpc.v1.cri"`;
  return [
    `[${cri}]`,
    `  sandbox_image = ${quoted(facts.sandboxImage)}`,
    ...streaming,
    "  netns_mounts_under_state_dir = true",
    `  restrict_oom_score_adj = ${facts.restrictOomScoreAdj}`,
    `  [${cri}.cni]`,
    `    bin_dir = ${quoted(facts.cniBin)}`,
    `    conf_dir = ${quoted(layout.cniConf)}`,
    `  [${cri}.containerd]`,
    `    snapshotter = ${quoted(facts.snapshotter)}`,
    ...runc(`${cri}.containerd`, facts),
    `  [${cri}.registry]`,
    `    config_path = ${quoted(layout.registries)}`,
  ];
}

function version2(layout: ContainerdLayout, facts: ContainerdFacts): string[] {
  const images = `plugins."io.containerd.cri.v1.images"`;
  const runtime = `plugins."io.containerd.cri.v1.runtime"`;
  return [
    `[plugins."io.containerd.grpc.v1.cri"]`,
    ...streaming,
    `[${images}]`,
    `  snapshotter = ${quoted(facts.snapshotter)}`,
    `  [${images}.pinned_images]`,
    `    sandbox = ${quoted(facts.sandboxImage)}`,
    `  [${images}.registry]`,
    `    config_path = ${quoted(layout.registries)}`,
    `[${runtime}]`,
    "  netns_mounts_under_state_dir = true",
    `  restrict_oom_score_adj = ${facts.restrictOomScoreAdj}`,
    `  [${runtime}.cni]`,
    `    bin_dirs = [${quoted(facts.cniBin)}]`,
    `    conf_dir = ${quoted(layout.cniConf)}`,
    `  [${runtime}.containerd]`,
    ...runc(`${runtime}.containerd`, facts),
  ];
}

/** exec, attach and port-forward are served on the machine's own loopback, on a free port. */
const streaming = [`  stream_server_address = "127.0.0.1"`, `  stream_server_port = "0"`];

function runc(section: string, facts: ContainerdFacts): string[] {
  return [
    `    default_runtime_name = "runc"`,
    `    [${section}.runtimes.runc]`,
    `      runtime_type = "io.containerd.runc.v2"`,
    `      [${section}.runtimes.runc.options]`,
    `        SystemdCgroup = ${facts.systemdCgroup}`,
  ];
}
