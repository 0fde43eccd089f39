import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capacityOf, jobManifest, networkPolicy, openKubernetes, quantity, readPod } from "./kubernetes.ts";
import type { Output, Task } from "./runner.ts";

const task: Task = {
  leaseId: "lse_01ABC",
  command: ["python", "-c", "print(1)"],
  image: "python:3.13-slim",
  env: { SEED: "7" },
  resources: { cpuCores: 4, memoryMb: 2_048, diskMb: 512, gpuCount: 2 },
  network: "none",
  timeLimitSeconds: 600,
  folder: "/shared/leases-1/lse_01ABC/job",
};
const cluster = { namespace: "converge", claim: "shared", folder: "/shared" };

describe("the Job of a lease", () => {
  const { metadata, spec } = jobManifest(task, cluster);
  const pod = spec?.template.spec;
  const container = pod?.containers[0];

  it("has a name Kubernetes takes, is begun once, and ends by itself", () => {
    expect(metadata?.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    expect(spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 2_400 });
    expect(pod?.restartPolicy).toBe("Never");
  });

  it("has no rights, no token, nothing of its machine, and of the volume its own folder alone", () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      hostNetwork: false,
      hostPID: false,
      hostIPC: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container?.volumeMounts?.[0]).toEqual({
      name: "shared",
      mountPath: "/job",
      subPath: "leases-1/lse_01ABC/job",
    });
    expect(JSON.stringify(pod?.volumes)).not.toContain("hostPath");
  });

  it("gets what was ordered and no more", () => {
    expect(container?.resources?.limits).toEqual({
      cpu: "4",
      memory: "2048Mi",
      "ephemeral-storage": "512Mi",
      "nvidia.com/gpu": "2",
    });
    expect(container?.resources?.requests).toEqual(container?.resources?.limits);
  });

  it("speaks to nobody", () => {
    expect(networkPolicy("converge").spec).toEqual({
      podSelector: { matchLabels: spec?.template.metadata?.labels?.["converge.job"] && { "converge.job": "true" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [],
    });
  });
});

describe("what a cluster says", () => {
  it("is read in its own units, and machines that take no work do not count", () => {
    expect(["3920m", "16", "16Gi", "1500Mi", "2k", "", "wrong"].map(quantity)).toEqual([
      3, 16, 17_179_869_184, 1_572_864_000, 2_000, 0, 0,
    ]);
    const ready = [{ type: "Ready", status: "True" }];
    const allocatable = { cpu: "8", memory: "32Gi", "nvidia.com/gpu": "2" };
    const labels = { "nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.memory": "23034" };
    const nodes = [
      { metadata: { labels }, status: { conditions: ready, allocatable } },
      { metadata: { labels }, status: { conditions: ready, allocatable } },
      { spec: { unschedulable: true }, status: { conditions: ready, allocatable } },
      { status: { conditions: [{ type: "Ready", status: "Unknown" }], allocatable } },
    ];
    expect(capacityOf(nodes as Parameters<typeof capacityOf>[0])).toEqual({
      cpuCores: 16,
      memoryMb: 65_536,
      gpus: [{ model: "NVIDIA-L4", memoryMb: 23_034, count: 4 }],
    });
  });

  it("of a pod tells its own end from its machine's", () => {
    const pod = (status: object) => readPod({ status } as V1Pod);
    const terminated = (exitCode: number, reason: string) =>
      pod({ phase: "Failed", containerStatuses: [{ name: "job", state: { terminated: { exitCode, reason } } }] });
    const waiting = (reason: string) =>
      pod({ phase: "Pending", containerStatuses: [{ name: "job", state: { waiting: { reason } } }] });
    expect(pod({ phase: "Pending" })).toEqual({ type: "waiting" });
    expect(terminated(3, "Error")).toEqual({ type: "ended", exit: { exitCode: 3, reason: null } });
    expect(terminated(137, "OOMKilled")).toMatchObject({ exit: { reason: "memory-limit" } });
    expect(pod({ phase: "Failed", reason: "Evicted" })).toMatchObject({ exit: { isLost: true } });
    expect(pod({ phase: "Failed", reason: "DeadlineExceeded" })).toMatchObject({ exit: { reason: "time-limit" } });
    expect(waiting("ContainerCreating")).toEqual({ type: "waiting" });
    expect(waiting("InvalidImageName")).toMatchObject({ type: "refused", isOrders: true });
    expect(waiting("ImagePullBackOff")).toMatchObject({ type: "refused", isOrders: false });
  });
});

/** Answers as an API server does, as far as the runner asks; a pod goes one step further at each look. */
function openStandIn() {
  const jobs: V1Job[] = [];
  const removed: string[] = [];
  let looks = 0;
  const states = [
    { phase: "Pending" },
    { phase: "Running", containerStatuses: [{ name: "job", state: { running: {} } }] },
    {
      phase: "Succeeded",
      containerStatuses: [{ name: "job", state: { terminated: { exitCode: 0, reason: "Completed" } } }],
    },
  ];
  const bodyOf = async (request: IncomingMessage) => {
    let text = "";
    for await (const piece of request) text += piece;
    return text === "" ? {} : JSON.parse(text);
  };
  const server = createServer(async (request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const body = await bodyOf(request);
    const json = (value: object, status = 200) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (path === "/api/v1/nodes") return json({ kind: "NodeList", items: [] });
    if (path.endsWith("/networkpolicies")) return json({ kind: "Status", code: 409, reason: "AlreadyExists" }, 409);
    if (path.endsWith("/log")) return void response.writeHead(200, { "content-type": "text/plain" }).end("one\ntwo\n");
    if (path.endsWith("/pods")) {
      const status = states[Math.min(looks, states.length - 1)];
      looks += 1;
      return json({ kind: "PodList", items: [{ metadata: { name: "pod-1" }, status }] });
    }
    if (request.method === "POST" && path.endsWith("/jobs")) {
      jobs.push(body);
      return json(body, 201);
    }
    if (request.method === "DELETE") {
      removed.push(path);
      return json({ kind: "Status", status: "Success" });
    }
    return json({ kind: "Status", code: 404 }, 404);
  });
  return { server, jobs, removed };
}

describe("the runner, through the official client", () => {
  const standIn = openStandIn();
  let folder: string;
  beforeAll(async () => {
    standIn.server.listen(0, "127.0.0.1");
    await once(standIn.server, "listening");
    const { port } = standIn.server.address() as AddressInfo;
    folder = await mkdtemp(join(tmpdir(), "converge-kube-"));
    const config = join(folder, "config");
    const named = (name: string, kind: string, value: object) => ({ name, [kind]: value });
    await writeFile(
      config,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [named("here", "cluster", { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true })],
        users: [named("me", "user", {})],
        contexts: [named("all", "context", { cluster: "here", user: "me" })],
        "current-context": "all",
      }),
    );
    process.env.KUBECONFIG = config;
  });
  afterAll(async () => {
    delete process.env.KUBECONFIG;
    standIn.server.close();
    await rm(folder, { recursive: true });
  });

  it("makes the Job, passes its log on, tells how it ended and removes it", async () => {
    const options = { sharedFolder: "/shared", kubernetesClaim: "shared", kubernetesNamespace: "converge" };
    const runner = await openKubernetes(options);
    const said: Output[] = [];
    const running = await runner.start(task, (output) => said.push(output));
    await running.ready;
    expect(await running.exit).toEqual({ exitCode: 0, reason: null });
    expect(said.map(({ text }) => text).join("")).toBe("one\ntwo\n");
    expect(standIn.jobs[0]?.metadata?.name).toBe("converge-lse-01abc");
    expect(standIn.removed).toEqual(["/apis/batch/v1/namespaces/converge/jobs/converge-lse-01abc"]);
  });
});
