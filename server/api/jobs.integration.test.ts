import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JobSpecInput } from "#core/schemas/job.ts";
import { closeHub } from "#server/compute/hub.ts";
import { sweepJobs } from "#server/compute/jobs/sweep-jobs.ts";
import { sweepNodes } from "#server/compute/sweep-compute.ts";
import { db, pool } from "#server/db.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { openBubblewrap } from "../../gpu-node/jobs/bubblewrap.ts";
import { createCardPool } from "../../gpu-node/jobs/job-gpus.ts";
import { hasJobNetwork } from "../../gpu-node/jobs/job-network.ts";
import { openPodman } from "../../gpu-node/jobs/podman.ts";
import { eventually, type NodeProgram, newPerson, startNode } from "./testing/compute-world.ts";
import { newRenter as openRenter } from "./testing/new-renter.ts";
import { serveDoors } from "./testing/serve-doors.ts";
import { testImage } from "./testing/test-image.ts";

// Jobs on real node programs, kept apart by bubblewrap itself.

const FUNDS = 100_000_000n;
const hasBubblewrap = await openBubblewrap(createCardPool([])).then(
  () => true,
  (error: Error) => {
    process.stdout.write(`Jobs are not run: ${error.message}\n`);
    return false;
  },
);

const image = await openPodman(createCardPool([]))
  .then(() => testImage())
  .catch((error: Error) => {
    process.stdout.write(`Images are not run: ${error.message}\n`);
    return null;
  });

let here: { url: string; close: () => Promise<void> };
let provider: Awaited<ReturnType<typeof newPerson>>;
const nodes: NodeProgram[] = [];

const rent = ["--rent", "--rent-cores", "2", "--rent-memory", "2048", "--price-core-hour", "36"];
async function newNode(args: string[] = rent): Promise<NodeProgram> {
  const node = await startNode(provider.actor, here.url, args);
  nodes.push(node);
  await eventually(
    "The rental",
    async () => (await db.computeRental.count({ where: { nodeId: node.nodeId, isActive: true } })) > 0,
  );
  return node;
}

const newRenter = () => openRenter(here.url, FUNDS);
const shell = (script: string) => ({ command: ["sh", "-c", script] });

beforeAll(async () => {
  here = await serveDoors();
  provider = await newPerson(0n, ["user", "provider"]);
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") for (const node of nodes) process.stderr.write(`${node.lines.join("\n")}\n`);
  await Promise.all(nodes.splice(0).map((one) => one.kill()));
});
afterAll(async () => {
  await here.close();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

describe.skipIf(!hasBubblewrap)("a job on a rented machine", () => {
  it("takes files in, writes a log, brings files back, and costs the seconds it ran", async () => {
    await newNode();
    const renter = await newRenter();
    const { blob } = await renter.upload("seventeen");
    const job = await renter.create({
      ...shell("cat in/data.txt; echo ' to stderr' >&2; sleep 2; wc -c < in/data.txt > out.txt"),
      inputs: [{ path: "in/data.txt", blob }],
      artifacts: ["out.txt"],
    });
    expect(job.reserved).toBe("1200000");
    const done = await renter.over(job.id);
    expect(done).toMatchObject({ status: "succeeded", exitCode: 0, endReason: null });
    expect(await renter.logOf(job.id)).toContain("seventeen");
    expect(await (await renter.download(job.id, "out.txt")).text()).toBe("9\n");
    const [lease] = done.leases;
    expect(lease?.billedSeconds).toBeGreaterThanOrEqual(1);
    expect(lease?.billedSeconds).toBeLessThanOrEqual(4);
    // 36 dollars an hour for the one core: a cent a second.
    expect(done.charged).toBe(String((lease?.billedSeconds ?? 0) * 10_000));
    const charged = BigInt(done.charged);
    expect(await getBalance(renter.account)).toMatchObject({ available: FUNDS - charged, reserved: 0n });
    expect((await getBalance(provider.account)).available).toBe(charged - charged / 20n);
    const stranger = await newRenter();
    expect((await renter.download(job.id, "out.txt", stranger.token)).status).toBe(404);
  });

  it("sees nothing of the host and reaches nothing outside", async () => {
    await newNode();
    const renter = await newRenter();
    const job = await renter.create(
      shell(
        "cat /etc/shadow /root/.bashrc 2>&1; ls / ; ls /home /work /root /tmp /proc/1/root/work 2>&1; env; (exec 3<>/dev/tcp/127.0.0.1/22) 2>&1; touch /usr/x 2>&1; echo over",
      ),
    );
    const done = await renter.over(job.id);
    const log = await renter.logOf(job.id);
    expect(done.status).toBe("succeeded");
    expect(log).toContain("over");
    expect(log).not.toContain("root:");
    expect(log).not.toMatch(/DATABASE_URL|AUTH_SECRET|CONVERGE/);
    expect(log).toMatch(/touch: cannot touch '\/usr\/x': Read-only file system/);
    expect(log.split("\n")).not.toContain("work");
  });

  it("cannot have a file of the host brought up through a link it made", async () => {
    const canary = await mkdtemp(join(tmpdir(), "converge-canary-"));
    await writeFile(join(canary, "secret"), "a secret of the host");
    await newNode();
    const renter = await newRenter();
    const job = await renter.create({
      ...shell(
        `ln -s ${canary} far; ln -s ../../.. near; ln -s ${canary}/secret file; mkdir d; ln -s ${canary} d/host; sleep 3`,
      ),
      artifacts: ["far/secret", "near/identity.json", "file", "d/"],
      checkpointPath: "far/secret",
    });
    const done = await renter.over(job.id);
    expect(done).toMatchObject({ status: "failed", endReason: "artifact-missing", checkpointAt: null, artifacts: [] });
    await rm(canary, { recursive: true });
  });

  it("is ended at its limits: time, memory, disk and processes", async () => {
    await newNode();
    const renter = await newRenter();
    const started = [
      renter.create({ ...shell("sleep 30"), timeLimitSeconds: 2 }),
      renter.create(
        shell(
          "python3 -c 'x=bytearray(900*1024*1024); import time; time.sleep(20)' || node -e 1; tail -c 900M /dev/zero | tail -n 1",
        ),
      ),
    ];
    const [time, memory] = await Promise.all(started.map(async (one) => renter.over((await one).id)));
    expect(time).toMatchObject({ status: "failed", endReason: "time-limit" });
    expect(time?.billedSeconds).toBeLessThanOrEqual(2);
    expect(memory).toMatchObject({ status: "failed" });
    expect(["memory-limit", "exit-code"]).toContain(memory?.endReason);
    const disk = await renter.create({
      ...shell("dd if=/dev/zero of=big bs=1M count=200 2>/dev/null; sleep 5"),
      resources: { memoryMb: 256, diskMb: 32 },
    });
    const bomb = await renter.create(shell("boom() { boom | boom & }; boom; sleep 20"));
    expect(await renter.over(disk.id)).toMatchObject({ status: expect.stringMatching(/failed|succeeded/) });
    expect((await renter.over(bomb.id)).finishedAt).not.toBeNull();
    // The machine is as usable as before for everybody else.
    const next = await renter.create(shell("echo fine"));
    expect(await renter.over(next.id)).toMatchObject({ status: "succeeded" });
  }, 90_000);

  it("is cancelled at once, and billed no further", async () => {
    const node = await newNode();
    const renter = await newRenter();
    const job = await renter.create(shell("while true; do echo on; sleep 0.2; done"));
    await renter.until(job.id, ({ status }) => status === "running");
    const cancelled = await renter.caller.job.cancel({ id: job.id });
    expect(cancelled).toMatchObject({ status: "cancelled", endReason: "cancelled" });
    expect(await renter.caller.job.cancel({ id: job.id })).toEqual(cancelled);
    expect((await getBalance(renter.account)).reserved).toBe(0n);
    await eventually(
      "The room's return",
      async () => (await db.jobLease.count({ where: { nodeId: node.nodeId, endedAt: null } })) === 0,
    );
  });

  it("goes on elsewhere from its checkpoint when its node is lost, once, and pays for what reached the checkpoint", async () => {
    const first = await newNode();
    const renter = await newRenter();
    const job = await renter.create({
      ...shell(
        "n=$(cat state 2>/dev/null || echo 0); while [ $n -lt 12 ]; do n=$((n+1)); echo $n > state.new; mv state.new state; echo step $n; sleep 0.5; done; cp state result",
      ),
      checkpointPath: "state",
      artifacts: ["result"],
    });
    await renter.until(job.id, ({ checkpointAt, status }) => checkpointAt !== null && status === "running");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const second = await newNode();
    await first.kill();
    await sweepNodes();
    await sweepJobs();
    const done = await renter.over(job.id);
    expect(done).toMatchObject({ status: "succeeded" });
    expect(done.leases.map(({ nodeId }) => nodeId)).toEqual([first.nodeId, second.nodeId]);
    expect(done.leases[0]?.status).toBe("lost");
    expect(await (await renter.download(job.id, "result")).text()).toBe("12\n");
    const log = await renter.logOf(job.id);
    expect(log.match(/step 1\n/g)).toHaveLength(1);
  }, 60_000);

  it("is given time to write down how far it came when its node drains, links left out, and goes on elsewhere", async () => {
    const first = await newNode();
    const renter = await newRenter();
    const script = [
      "if [ -f kept/late ]; then cat kept/late > result; ls kept >> result; exit 0; fi",
      "mkdir kept; ln -s /etc/hostname kept/link; echo early > kept/early",
      "trap 'echo written late > kept/late; exit 1' TERM",
      "echo begun; while true; do sleep 0.1; done",
    ].join("\n");
    const job = await renter.create({ ...shell(script), checkpointPath: "kept", artifacts: ["result"] });
    await renter.until(job.id, ({ checkpointAt }) => checkpointAt !== null);
    const second = await newNode();
    first.child.kill("SIGTERM");
    const done = await renter.over(job.id);
    expect(done).toMatchObject({ status: "succeeded" });
    expect(done.leases.map(({ nodeId, status }) => [nodeId, status])).toEqual([
      [first.nodeId, "ended"],
      [second.nodeId, "ended"],
    ]);
    expect(await (await renter.download(job.id, "result")).text()).toBe("written late\nearly\nlate\n");
  }, 60_000);

  it.skipIf(!hasJobNetwork())(
    "has a network only where it asks for one, and never the host's or what is beside it",
    async () => {
      await newNode([...rent, "--allow-network"]);
      const renter = await newRenter();
      const server = createServer((_request, response) => response.end("inside")).listen(0, "0.0.0.0");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const own = Object.values(networkInterfaces())
        .flatMap((all) => all ?? [])
        .filter(({ family }) => family === "IPv4");
      const targets = [...own.map(({ address }) => address), "10.0.2.2", "169.254.169.254"];
      const look = targets.map(
        (address) =>
          `/opt/converge/node -e 'require("net").connect(${port}, "${address}").on("connect", () => { console.log("reached ${address}"); process.exit() }).on("error", () => process.exit()); setTimeout(process.exit, 3000)'`,
      );
      const script = ["cat /proc/net/route /etc/resolv.conf", ...look, "echo over"].join("; ");
      const [online, offline] = await Promise.all([
        renter.create({ ...shell(script), network: "internet" }),
        renter.create(shell(script)),
      ]);
      expect(await renter.over(online.id)).toMatchObject({ status: "succeeded" });
      expect(await renter.over(offline.id)).toMatchObject({ status: "succeeded" });
      server.close();
      const [log, without] = [await renter.logOf(online.id), await renter.logOf(offline.id)];
      expect(log).toMatch(/tap0\t00000000/);
      expect(log).toContain("nameserver 10.0.2.3");
      expect(without).not.toContain("tap0");
      for (const text of [log, without]) {
        expect(text).toContain("over");
        expect(text).not.toContain("reached");
      }
    },
    60_000,
  );

  it.skipIf(!image)(
    "runs an image under podman, as nobody, with its files and without a network",
    async () => {
      await newNode();
      const renter = await newRenter();
      const { blob } = await renter.upload("from outside\n");
      const job = await renter.create({
        ...shell("id -u; cat /job/in > out; ls /; touch /x 2>&1; ls /sys/class/net; cat /etc/shadow 2>&1; echo over"),
        image: image ?? "",
        inputs: [{ path: "in", blob }],
        artifacts: ["out"],
      });
      const done = await renter.over(job.id);
      expect(done).toMatchObject({ status: "succeeded" });
      expect(done.leases[0]?.runner).toBe("podman");
      const log = await renter.logOf(job.id);
      expect(log).toMatch(/^65534\n/);
      expect(log).toContain("Read-only file system");
      expect(log).toContain("lo\n");
      expect(log).not.toContain("eth0");
      expect(log).not.toContain("root:");
      expect(await (await renter.download(job.id, "out")).text()).toBe("from outside\n");
      const memory = await renter.create({
        ...shell("tail /dev/zero"),
        image: image ?? "",
        resources: { memoryMb: 64 },
      });
      expect(await renter.over(memory.id)).toMatchObject({ status: "failed", endReason: "memory-limit" });
      const slow = await renter.create({ ...shell("sleep 60"), image: image ?? "", timeLimitSeconds: 2 });
      expect(await renter.over(slow.id)).toMatchObject({ status: "failed", endReason: "time-limit" });
      const missing = await renter.create({ ...shell("true"), image: "localhost/converge-no-such-image:none" });
      expect((await renter.over(missing.id)).status).toBe("failed");
    },
    120_000,
  );

  it("says why it waits, what the nearest offer lacks and what to change", async () => {
    await newNode();
    const renter = await newRenter();
    const greedy = await renter.create({
      ...shell("true"),
      resources: { cpuCores: 64, gpuCount: 1, gpuModel: "H100" },
      pricePerHourMax: "1000",
    });
    expect(greedy.status).toBe("queued");
    expect(greedy.waitingFor).toMatch(/Ask for 2 cores or fewer/);
    const quote = await renter.caller.job.quote(greedy.spec);
    expect(quote).toMatchObject({ fits: 0, cheapest: null });
    expect(quote.nearest[0]?.misses.map(({ field }) => field)).toEqual(
      expect.arrayContaining(["resources.cpuCores", "resources.gpuCount", "pricePerHourMax"]),
    );
    await renter.caller.job.cancel({ id: greedy.id });
  });

  it("trains a classifier on a CSV and delivers ONNX", async () => {
    await newNode();
    const renter = await newRenter();
    const rows = Array.from({ length: 240 }, (_, i) => {
      const [x, y] = [(i * 37) % 100, (i * 61) % 100];
      return `${x},${y},${x + y > 100 ? "high" : "low"}`;
    });
    const { blob } = await renter.upload(["x,y,level", ...rows].join("\n"));
    const made = await renter.caller.job.createTraining({
      csv: blob,
      label: "level",
      epochs: 40,
      pricePerHourMax: "72000000",
    });
    const done = await renter.over(made.id);
    expect([done.status, await renter.logOf(made.id)]).toEqual(["succeeded", expect.stringContaining("accuracy")]);
    expect(done.artifacts.map(({ path }) => path)).toEqual(["labels.json", "metrics.json", "model.onnx"]);
    const metrics = (await (await renter.download(made.id, "metrics.json")).json()) as { accuracy: number };
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    await expect(
      renter.caller.job.createTraining({ csv: blob, label: "mood", pricePerHourMax: "72000000" }),
    ).rejects.toThrow(/no column "mood"/);
  });
});

describe("a job that nobody could take on", () => {
  it.each<[string, Partial<JobSpecInput>]>([
    [
      "leads out of its folder",
      { command: ["true"], inputs: [{ path: "../etc/passwd", blob: `sha256:${"0".repeat(64)}` }] },
    ],
    ["brings back what is not its own", { command: ["true"], artifacts: ["/etc/shadow"] }],
    ["has no program", { command: [] }],
    ["lasts no time", { command: ["true"], timeLimitSeconds: 0 }],
    ["pays less than nothing", { command: ["true"], pricePerHourMax: "-1" }],
    ["pays nothing", { command: ["true"], pricePerHourMax: "0" }],
    ["takes in what is not there", { command: ["true"], inputs: [{ path: "a", blob: `sha256:${"0".repeat(64)}` }] }],
    ["asks for too many files", { command: ["true"], artifacts: Array.from({ length: 1_000 }, (_, i) => `f${i}`) }],
  ])("one that %s is refused, and nothing is set aside", async (_what, spec) => {
    const renter = await newRenter();
    await expect(renter.create(spec)).rejects.toThrow();
    expect(await getBalance(renter.account)).toMatchObject({ available: FUNDS, reserved: 0n });
  });

  it("one that costs more than there is is refused", async () => {
    const renter = await newRenter();
    await expect(renter.create({ command: ["true"], timeLimitSeconds: 600_000 })).rejects.toMatchObject({
      cause: expect.objectContaining({ code: "INSUFFICIENT_FUNDS" }),
    });
  });
});
