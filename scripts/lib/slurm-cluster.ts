import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { freePort, waitUntil } from "./ports.ts";
import { type Running, runToEnd, startProgram, stopProgram } from "./processes.ts";

const PROGRAMS = ["/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch"];

export const hasSlurm = (): boolean => process.getuid?.() === 0 && PROGRAMS.every((path) => existsSync(path));

export type SlurmCluster = { env: NodeJS.ProcessEnv; stop: () => Promise<void> };

/**
 * A Slurm cluster of one machine, this one, from the system's packages (slurm-wlm, munge), on ports and in a folder of its
 * own: for tests. Needs root, as slurmd does.
 */
export async function startSlurmCluster(
  folder: string,
  size: { cores: number; memoryMb: number },
): Promise<SlurmCluster> {
  const [controllerPort, daemonPort] = [await freePort(), await freePort()];
  for (const name of ["state", "spool", "munge"]) await mkdir(join(folder, name), { recursive: true, mode: 0o755 });
  const key = join(folder, "munge/key");
  await writeFile(key, randomBytes(128), { mode: 0o400 });
  const socket = join(folder, "munge/socket");
  const host = hostname();
  const configuration = join(folder, "slurm.conf");
  await writeFile(
    configuration,
    [
      "ClusterName=converge",
      `SlurmctldHost=${host}(127.0.0.1)`,
      `SlurmctldPort=${controllerPort}`,
      `SlurmdPort=${daemonPort}`,
      "SlurmUser=root",
      "SlurmdUser=root",
      "AuthType=auth/munge",
      `AuthInfo=socket=${socket}`,
      "CredType=cred/munge",
      `StateSaveLocation=${join(folder, "state")}`,
      `SlurmdSpoolDir=${join(folder, "spool")}`,
      `SlurmctldPidFile=${join(folder, "slurmctld.pid")}`,
      `SlurmdPidFile=${join(folder, "slurmd.pid")}`,
      "ProctrackType=proctrack/linuxproc",
      "TaskPlugin=task/none",
      "MpiDefault=none",
      "SelectType=select/cons_tres",
      "SelectTypeParameters=CR_Core_Memory",
      "SchedulerType=sched/backfill",
      "SchedulerParameters=sched_interval=1,bf_interval=1",
      "JobAcctGatherType=jobacct_gather/none",
      "AccountingStorageType=accounting_storage/none",
      "ReturnToService=2",
      "KillWait=2",
      `NodeName=${host} NodeAddr=127.0.0.1 CPUs=${size.cores} RealMemory=${size.memoryMb} State=UNKNOWN`,
      `PartitionName=main Nodes=${host} Default=YES MaxTime=INFINITE State=UP`,
      "",
    ].join("\n"),
  );
  const isSecondVersion = existsSync("/sys/fs/cgroup/cgroup.controllers");
  await writeFile(
    join(folder, "cgroup.conf"),
    isSecondVersion ? "CgroupPlugin=cgroup/v2\nIgnoreSystemd=yes\n" : "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n",
  );
  const env = { ...process.env, SLURM_CONF: configuration };
  const started: Running[] = [];
  const begin = (command: string, args: string[], log: string) => {
    const running = startProgram(command, args, { cwd: folder, env, logFile: join(folder, log) });
    started.push(running);
    return running;
  };
  const stop = async () => {
    for (const running of started.reverse()) await stopProgram(running, "SIGTERM", 3_000);
  };
  try {
    await chmod(folder, 0o755);
    await chmod(join(folder, "munge"), 0o711);
    begin(
      "/usr/sbin/munged",
      [
        "--foreground",
        "--force",
        `--socket=${socket}`,
        `--key-file=${key}`,
        `--pid-file=${join(folder, "munge/pid")}`,
        `--log-file=${join(folder, "munge/log")}`,
        `--seed-file=${join(folder, "munge/seed")}`,
      ],
      "munged.log",
    );
    await waitUntil("munged", async () => existsSync(socket));
    begin("/usr/sbin/slurmctld", ["-D", "-f", configuration], "slurmctld.log");
    begin("/usr/sbin/slurmd", ["-D", "-f", configuration, "-N", host], "slurmd.log");
    await waitUntil("Slurm", async () => {
      const states = await runToEnd("/usr/bin/sinfo", ["--noheader", "--format=%T"], { env }).catch(() => "");
      return /idle|mixed|allocated/.test(states);
    });
    return { env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
