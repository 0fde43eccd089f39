import { chown } from "node:fs/promises";
import { relative } from "node:path";
import { PassThrough } from "node:stream";
import type { V1Job, V1NetworkPolicy, V1Node, V1Pod } from "@kubernetes/client-node";
import type { RentOptions } from "../options.ts";
import { JOB_FOLDER } from "./bubblewrap.ts";
import {
  type Exit,
  GRACE_MS,
  JobTrouble,
  type Output,
  type Runner,
  RunnerMissing,
  type RunningTask,
  type Task,
} from "./runner.ts";

const NOBODY = 65_534;
const LOOK_MS = 500;
const LABEL = "converge.job";
const CONTAINER = "job";
const POLICY = "converge-jobs";
const KEPT_SECONDS = 300;
/** Beside the job's own limit, for fetching its image and for its queue. */
const START_SECONDS = 1_800;
const GPU = "nvidia.com/gpu";

export type Cluster = {
  namespace: string;
  /** The claim of the volume that this node sees under `folder`. */
  claim: string;
  folder: string;
};

const nameOf = ({ leaseId }: Pick<Task, "leaseId">): string => `converge-${leaseId.toLowerCase().replaceAll("_", "-")}`;

/**
 * The Job of one lease: one pod that is never begun again, as nobody, without rights, a token, or anything of its machine,
 * under limits that are also its requests; of the shared volume it sees its own folder.
 */
export function jobManifest(task: Task, { claim, folder, namespace }: Cluster): V1Job {
  const { cpuCores, memoryMb, diskMb, gpuCount } = task.resources;
  const amounts = {
    cpu: String(cpuCores),
    memory: `${memoryMb}Mi`,
    "ephemeral-storage": `${diskMb}Mi`,
    ...(gpuCount > 0 ? { [GPU]: String(gpuCount) } : {}),
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: nameOf(task), namespace, labels: { [LABEL]: "true" } },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: task.timeLimitSeconds + START_SECONDS,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        metadata: { labels: { [LABEL]: "true", "converge.lease": nameOf(task) } },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          hostNetwork: false,
          hostPID: false,
          hostIPC: false,
          terminationGracePeriodSeconds: Math.ceil(GRACE_MS / 1_000),
          securityContext: {
            runAsNonRoot: true,
            runAsUser: NOBODY,
            runAsGroup: NOBODY,
            fsGroup: NOBODY,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name: CONTAINER,
              image: task.image ?? "",
              command: [...task.command],
              workingDir: JOB_FOLDER,
              env: [
                { name: "HOME", value: JOB_FOLDER },
                ...Object.entries(task.env).map(([name, value]) => ({ name, value })),
              ],
              resources: { limits: amounts, requests: amounts },
              securityContext: {
                allowPrivilegeEscalation: false,
                privileged: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [
                { name: "shared", mountPath: JOB_FOLDER, subPath: relative(folder, task.folder) },
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [
            { name: "shared", persistentVolumeClaim: { claimName: claim } },
            { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
          ],
        },
      },
    },
  };
}

/** No pod of a job speaks to anybody, nor is spoken to; the cluster's network must be one that heeds policies. */
export const networkPolicy = (namespace: string): V1NetworkPolicy => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: POLICY, namespace },
  spec: {
    podSelector: { matchLabels: { [LABEL]: "true" } },
    policyTypes: ["Ingress", "Egress"],
    ingress: [],
    egress: [],
  },
});

/** An amount as Kubernetes writes it, in whole units: "3920m" of a core is 3, "16Gi" is 17179869184. */
export function quantity(text: string | undefined): number {
  const parts = /^(\d+(?:\.\d+)?)(m|[kMGTP]i?)?$/.exec(text ?? "");
  if (!parts) return 0;
  const value = Number(parts[1]);
  const suffix = parts[2] ?? "";
  if (suffix === "m") return Math.floor(value / 1_000);
  const power = suffix === "" ? 0 : "kMGTP".indexOf(suffix.charAt(0)) + 1;
  return Math.floor(value * (suffix.endsWith("i") ? 1_024 : 1_000) ** power);
}

type Capacity = {
  cpuCores: number;
  memoryMb: number;
  gpus: { model: string; memoryMb: number; count: number }[];
};

/** What a cluster's machines have for work, together; machines that take none are left out. */
export function capacityOf(nodes: readonly V1Node[]): Capacity {
  const gpus = new Map<string, { model: string; memoryMb: number; count: number }>();
  let [cpuCores, memoryMb] = [0, 0];
  for (const { spec, status, metadata } of nodes) {
    const isReady = status?.conditions?.some(({ type, status: state }) => type === "Ready" && state === "True");
    if (spec?.unschedulable || !isReady) continue;
    const has = status?.allocatable ?? {};
    cpuCores += quantity(has.cpu);
    memoryMb += Math.floor(quantity(has.memory) / 2 ** 20);
    const count = quantity(has[GPU]);
    if (count === 0) continue;
    const model = metadata?.labels?.["nvidia.com/gpu.product"] ?? "GPU";
    const known = gpus.get(model);
    const memory = Math.max(1, quantity(metadata?.labels?.["nvidia.com/gpu.memory"]));
    gpus.set(model, { model, memoryMb: memory, count: (known?.count ?? 0) + count });
  }
  return { cpuCores, memoryMb, gpus: [...gpus.values()] };
}

export type PodState =
  | { type: "waiting" }
  | { type: "running" }
  | { type: "ended"; exit: Exit }
  /** It never will begin. */
  | { type: "refused"; message: string; isOrders: boolean };

const BAD_IMAGE = new Set(["InvalidImageName", "ErrImageNeverPull"]);
const PULLING_FAILED = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "CreateContainerConfigError",
  "CreateContainerError",
]);
const TAKEN_AWAY = new Set(["Evicted", "NodeLost", "Shutdown", "Terminated", "Preempting", "UnexpectedAdmissionError"]);

/** What a pod's status says about its job. */
export function readPod(pod: V1Pod | undefined): PodState {
  const container = pod?.status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state;
  const ended = container?.terminated;
  const lost: PodState = { type: "ended", exit: { exitCode: null, reason: null, isLost: true } };
  if (pod?.status?.reason && TAKEN_AWAY.has(pod.status.reason)) return lost;
  if (pod?.status?.reason === "DeadlineExceeded")
    return { type: "ended", exit: { exitCode: null, reason: "time-limit" } };
  if (ended)
    return {
      type: "ended",
      exit: { exitCode: ended.exitCode, reason: ended.reason === "OOMKilled" ? "memory-limit" : null },
    };
  if (pod?.status?.phase === "Failed" || pod?.status?.phase === "Unknown") return lost;
  if (container?.running) return { type: "running" };
  const { reason, message } = container?.waiting ?? {};
  if (reason && (BAD_IMAGE.has(reason) || PULLING_FAILED.has(reason)))
    return {
      type: "refused",
      message: `The image could not be used: ${message ?? reason}`,
      isOrders: BAD_IMAGE.has(reason),
    };
  return { type: "waiting" };
}

type Clients = Awaited<ReturnType<typeof openClients>>;

/** Loaded only where it is used: the client knows the whole of Kubernetes. */
async function openClients() {
  const { BatchV1Api, CoreV1Api, KubeConfig, Log, NetworkingV1Api } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromDefault();
  return {
    batch: config.makeApiClient(BatchV1Api),
    core: config.makeApiClient(CoreV1Api),
    networking: config.makeApiClient(NetworkingV1Api),
    log: new Log(config),
  };
}

const statusOf = (error: unknown): number =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "number" ? error.code : 0;

/** A cluster of any size behind this node, reached as kubectl reaches it. */
export async function openKubernetes(
  options: Pick<RentOptions, "sharedFolder" | "kubernetesClaim" | "kubernetesNamespace">,
): Promise<Runner> {
  const cluster: Cluster = {
    namespace: options.kubernetesNamespace,
    claim: options.kubernetesClaim ?? "",
    folder: options.sharedFolder ?? "",
  };
  const clients = await openClients();
  const capacity = async () => capacityOf((await clients.core.listNode()).items);
  await capacity().catch((cause: Error) => {
    throw new RunnerMissing(`Kubernetes does not answer here: ${cause.message.split("\n")[0]}`, { cause });
  });
  await clients.networking
    .createNamespacedNetworkPolicy({ namespace: cluster.namespace, body: networkPolicy(cluster.namespace) })
    .catch((cause: Error) => {
      // It is there from an earlier start.
      if (statusOf(cause) === 409) return;
      throw new RunnerMissing(`Jobs cannot be cut off from the cluster's network: ${cause.message.split("\n")[0]}`, {
        cause,
      });
    });
  return {
    name: "kubernetes",
    hasImages: true,
    hasNetwork: false,
    capacity,
    clean: async (leaseIds) => {
      for (const leaseId of leaseIds) await removeJob(clients, cluster, nameOf({ leaseId }), 0);
    },
    start: (task, onOutput) => start(clients, cluster, task, onOutput),
  };
}

async function start(
  clients: Clients,
  cluster: Cluster,
  task: Task,
  onOutput: (output: Output) => void,
): Promise<RunningTask> {
  const { namespace } = cluster;
  const name = nameOf(task);
  await chown(task.folder, NOBODY, NOBODY).catch(() => undefined);
  await clients.batch.createNamespacedJob({ namespace, body: jobManifest(task, cluster) }).catch((cause: Error) => {
    throw new JobTrouble(`Kubernetes refused the job: ${cause.message.split("\n")[0]}`, { cause });
  });
  let stopped: Exit["reason"] = null;
  const remove = (graceMs: number) => removeJob(clients, cluster, name, graceMs);
  const end = (reason: NonNullable<Exit["reason"]>, graceMs: number) => {
    stopped ??= reason;
    return remove(graceMs);
  };
  const { ready, exit } = follow(clients, cluster, task, { onOutput, end, stopped: () => stopped });
  return {
    ready,
    exit: exit.finally(() => remove(0)),
    usage: async () => null,
    stop: async (graceMs) => {
      await end("cancelled", graceMs);
      await exit.catch(() => undefined);
    },
  };
}

const removeJob = ({ batch }: Clients, { namespace }: Cluster, name: string, graceMs: number): Promise<unknown> =>
  batch
    .deleteNamespacedJob({
      name,
      namespace,
      propagationPolicy: "Foreground",
      gracePeriodSeconds: Math.ceil(graceMs / 1_000),
    })
    .catch(() => undefined);

type Following = {
  onOutput: (output: Output) => void;
  end: (reason: NonNullable<Exit["reason"]>, graceMs: number) => Promise<unknown>;
  stopped: () => Exit["reason"];
};

/** Looks at the job's pod until it has ended, and passes its log on from the moment it runs. */
function follow(clients: Clients, { namespace }: Cluster, task: Task, { onOutput, end, stopped }: Following) {
  let begin: () => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    begin = resolve;
    refuse = reject;
  });
  ready.catch(() => undefined);
  const selector = `converge.lease=${nameOf(task)}`;
  const find = async (): Promise<V1Pod | undefined> =>
    (await clients.core.listNamespacedPod({ namespace, labelSelector: selector })).items[0];

  async function run(): Promise<Exit> {
    let startedAt = 0;
    let logged: Promise<void> | null = null;
    for (;;) {
      // The cluster's own moments of silence end no job.
      const pod = await find().catch(() => null);
      const state: PodState = pod === null ? { type: "waiting" } : readPod(pod);
      const hasBegun = state.type === "running" || state.type === "ended";
      if (hasBegun && startedAt === 0 && pod?.metadata?.name) {
        startedAt = Date.now();
        begin();
        logged = passLog(clients, namespace, pod.metadata.name, onOutput);
      }
      const isGone = pod === undefined && (stopped() !== null || startedAt > 0);
      if (state.type === "ended" || isGone) {
        await logged;
        begin();
        const reason = stopped();
        if (reason) return { exitCode: null, reason };
        return state.type === "ended" ? state.exit : { exitCode: null, reason: null, isLost: true };
      }
      if (state.type === "refused") {
        const error = state.isOrders ? new Error(state.message) : new JobTrouble(state.message);
        refuse(error);
        throw error;
      }
      if (startedAt > 0 && stopped() === null && Date.now() - startedAt > task.timeLimitSeconds * 1_000)
        void end("time-limit", GRACE_MS);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
  const exit = run();
  exit.catch(() => undefined);
  return { ready, exit };
}

/** Kubernetes keeps both streams of a container as one. */
async function passLog(
  { log }: Clients,
  namespace: string,
  pod: string,
  onOutput: (output: Output) => void,
): Promise<void> {
  const stream = new PassThrough();
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => onOutput({ stream: "stdout", text }));
  const ended = new Promise<void>((resolve) => stream.once("end", resolve).once("error", () => resolve()));
  await log.log(namespace, pod, CONTAINER, stream, { follow: true }).then(
    () => ended,
    () => undefined,
  );
}
