import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";

/** Programs that jobs run under in tests, and the package each comes with on Debian and its kin. */
const WANTED = {
  "/usr/bin/bwrap": "bubblewrap",
  "/usr/bin/slirp4netns": "slirp4netns",
  "/usr/sbin/ip": "iproute2",
  "/usr/bin/podman": "podman",
  "/usr/sbin/runc": "runc",
  "/bin/busybox": "busybox-static",
  "/usr/sbin/slurmctld": "slurm-wlm",
  "/usr/sbin/munged": "munge",
};

/** Installs what jobs are kept apart with, where that can be done; elsewhere those tests say that they are left out. */
export function ensureJobPrograms(): void {
  const missing = Object.entries(WANTED).filter(([path]) => !existsSync(path));
  if (missing.length === 0 || userInfo().uid !== 0 || !existsSync("/usr/bin/apt-get")) return;
  const packages = missing.map(([, name]) => name);
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...packages]]) {
    spawnSync("apt-get", args, { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  }
}
