import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";

const SLIRP = "/usr/bin/slirp4netns";
const UNSHARE = "/usr/bin/unshare";
const IP = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].find((path) => existsSync(path));
const CONFIGURE_MS = 10_000;
/** Where the job's own network answers questions of names. */
const OWN_PREFIX = "10.0.2.";
export const JOB_RESOLVER = `nameserver ${OWN_PREFIX}3\n`;

/**
 * What is around the machine and not of the internet: the provider's own network, and the addresses at which clouds hand
 * out keys. The job's network itself lies within the first of these and has its own, narrower route.
 */
const INSIDE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "224.0.0.0/4"];

/** The networks this machine is part of, whatever their addresses: itself, and who sits beside it. */
const besideThisMachine = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .flatMap(({ family, internal, address, netmask }) =>
      family === "IPv4" && !internal ? [networkOf(address, netmask)] : [],
    );

/** The network an address lies in, as `ip` wants it: with nothing beyond its prefix. */
export function networkOf(address: string, netmask: string): string {
  const mask = netmask.split(".").map(Number);
  const bits = mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
  const network = address.split(".").map((byte, index) => Number(byte) & (mask[index] ?? 0));
  return `${network.join(".")}/${bits}`;
}

/** Whether jobs on this machine can be given a network of their own. */
export const hasJobNetwork = (): boolean => existsSync(SLIRP) && existsSync(UNSHARE) && IP !== undefined;

/** The descriptors over which a job that waits for its network says so, and hears that it may go on. */
export const WAITING_FD = 3;
export const GO_FD = 4;

/**
 * Before the job's program: a network namespace of its own, in which the shell waits for the way out, closes what is
 * inside, and gives its rights up. Whoever comes after it may not change a route.
 */
export function inOwnNetwork(command: readonly string[]): string[] {
  // What lies within the job's own network cannot be closed, and need not be: its own route leads elsewhere.
  const beside = besideThisMachine().filter((range) => !range.startsWith(OWN_PREFIX));
  const closed = [...new Set([...INSIDE, ...beside])];
  const script = [
    `echo here >&${WAITING_FD}`,
    `read -r go <&${GO_FD} || exit 125`,
    ...closed.map((range) => `'${IP}' route add blackhole ${range} || exit 125`),
    `exec ${WAITING_FD}>&- ${GO_FD}<&-`,
    'exec "$@"',
  ].join("\n");
  return [UNSHARE, "--user", "--map-root-user", "--net", "--", "/bin/sh", "-c", script, "sh", ...command];
}

/** Gives the network namespace of a process a way out to the internet, and none to this machine. */
export async function connectJob(pid: number): Promise<{ close: () => void }> {
  const child = spawn(
    SLIRP,
    [
      "--configure",
      "--mtu=1500",
      "--disable-host-loopback",
      "--ready-fd=3",
      "--userns-path",
      `/proc/${pid}/ns/user`,
      String(pid),
      "tap0",
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe"] },
  );
  const close = () => child.kill("SIGKILL");
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("The job's network did not come up in time.")), CONFIGURE_MS);
      child.once("error", reject);
      child.once("exit", () => reject(new Error("The job's network could not be made.")));
      child.stdio[3]?.once("data", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    return { close };
  } catch (error) {
    close();
    throw error;
  }
}
