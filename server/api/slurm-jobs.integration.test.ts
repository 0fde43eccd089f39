import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeHub } from "#server/compute/hub.ts";
import { db, pool } from "#server/db.ts";
import { hasSlurm, type SlurmCluster, startSlurmCluster } from "../../scripts/lib/slurm-cluster.ts";
import { eventually, type NodeProgram, newPerson, startNode } from "./testing/compute-world.ts";
import { newRenter } from "./testing/new-renter.ts";
import { serveDoors } from "./testing/serve-doors.ts";

// Jobs on a real Slurm cluster behind one node: munged, slurmctld and slurmd of the system's packages.

const folder = await mkdtemp(join(tmpdir(), "converge-slurm-"));
await chmod(folder, 0o755);

/** A machine where the scheduler itself does not run has nothing to say about ours. */
async function startCluster(): Promise<SlurmCluster | null> {
  if (!hasSlurm()) {
    process.stdout.write("Slurm is not tried: slurm-wlm and munge are not installed, or this is not root.\n");
    return null;
  }
  return startSlurmCluster(folder, { cores: 2, memoryMb: 4_000 }).catch((error: Error) => {
    process.stdout.write(`Slurm is not tried: it does not start on this machine. ${error.message}\n`);
    return null;
  });
}

const cluster = await startCluster();
let here: { url: string; close: () => Promise<void> };
let node: NodeProgram;

describe.skipIf(cluster === null)("a Slurm cluster behind a node", () => {
  beforeAll(async () => {
    Object.assign(process.env, { SLURM_CONF: cluster?.env.SLURM_CONF });
    here = await serveDoors();
    const provider = await newPerson(0n, ["user", "provider"]);
    const shared = ["--runner", "slurm", "--shared-folder", join(folder, "shared")];
    node = await startNode(provider.actor, here.url, ["--rent", "--price-core-hour", "36", ...shared]);
    await eventually("The rental", async () => (await db.computeRental.count({ where: { nodeId: node.nodeId } })) > 0);
  }, 60_000);
  afterAll(async () => {
    await node?.kill();
    await cluster?.stop();
    await here?.close();
    await closeHub();
    await db.$disconnect();
    await pool.end();
    await rm(folder, { recursive: true, force: true });
  });

  it("is rented out as large as its scheduler says it is", async () => {
    const rental = await db.computeRental.findUniqueOrThrow({ where: { nodeId: node.nodeId } });
    expect(rental).toMatchObject({ runners: ["slurm"], cpuCores: 2, memoryMb: 4_000 });
  });

  it("trains a classifier and delivers ONNX, metered from its start on the cluster's machine", async () => {
    const renter = await newRenter(here.url, 100_000_000n);
    const rows = Array.from({ length: 200 }, (_, i) => `${(i * 37) % 100},${(i * 61) % 100},${i % 2 ? "odd" : "even"}`);
    const { blob } = await renter.upload(["x,y,kind", ...rows].join("\n"));
    const made = await renter.caller.job.createTraining({
      csv: blob,
      label: "kind",
      epochs: 20,
      pricePerHourMax: "72000000",
    });
    const done = await renter.over(made.id);
    expect([done.status, await renter.logOf(made.id)]).toEqual([
      "succeeded",
      expect.stringContaining("Done: accuracy"),
    ]);
    expect(done.leases[0]?.runner).toBe("slurm");
    const model = await (await renter.download(made.id, "model.onnx")).arrayBuffer();
    expect(model.byteLength).toBeGreaterThan(300);
  });

  it("keeps a job from the cluster's files, and ends it when it is cancelled", async () => {
    const renter = await newRenter(here.url, 100_000_000n);
    const job = await renter.create({ command: ["sh", "-c", "ls /etc/munge /root /work 2>&1; echo looked; sleep 60"] });
    await eventually("The log", async () => (await renter.logOf(job.id)).includes("looked"));
    expect(await renter.logOf(job.id)).not.toMatch(/munge\.key|\.bashrc|main\n/);
    expect(await renter.caller.job.cancel({ id: job.id })).toMatchObject({ status: "cancelled" });
    await eventually("The scheduler's word", async () => node.lines.length > 0 && (await queueLength()) === 0);
  });

  it("passes on how a job ended", async () => {
    const renter = await newRenter(here.url, 100_000_000n);
    const failed = await renter.create({ command: ["sh", "-c", "exit 7"] });
    expect(await renter.over(failed.id)).toMatchObject({ status: "failed", endReason: "exit-code", exitCode: 7 });
    const long = await renter.create({ command: ["sleep", "60"], timeLimitSeconds: 2 });
    expect(await renter.over(long.id)).toMatchObject({ status: "failed", endReason: "time-limit" });
  });
});

async function queueLength(): Promise<number> {
  const env = cluster?.env ?? process.env;
  const { runToEnd } = await import("../../scripts/lib/processes.ts");
  return (await runToEnd("/usr/bin/squeue", ["--noheader"], { env })).trim().split("\n").filter(Boolean).length;
}
