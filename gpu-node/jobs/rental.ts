import type { RentalOffer } from "../../core/schemas/job-protocol.ts";
import type { Hardware } from "../../core/schemas/node-protocol.ts";
import type { RentOptions } from "../options.ts";
import { openBubblewrap } from "./bubblewrap.ts";
import { type CardPool, createCardPool, listCards } from "./job-gpus.ts";
import { openKubernetes } from "./kubernetes.ts";
import { openPodman } from "./podman.ts";
import { type Runner, RunnerMissing } from "./runner.ts";
import { openSlurm } from "./slurm.ts";

const MIB = 1024 * 1024;

/** GPUs of one kind together, as they are rented out. */
function gpusOf({ gpus }: Hardware): RentalOffer["gpus"] {
  const kinds = new Map<string, RentalOffer["gpus"][number]>();
  for (const { name, memoryBytes } of gpus) {
    const memoryMb = Math.floor(memoryBytes / MIB);
    const kind = kinds.get(`${name} ${memoryMb}`);
    kinds.set(`${name} ${memoryMb}`, { model: name, memoryMb: Math.max(1, memoryMb), count: (kind?.count ?? 0) + 1 });
  }
  return [...kinds.values()];
}

/** What keeps jobs apart on this machine itself: bubblewrap for programs, podman for images, each where it is there. */
async function openMachine(pool: CardPool): Promise<Runner[]> {
  const opened = await Promise.allSettled([openBubblewrap(pool), openPodman(pool)]);
  const runners = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (runners.length > 0) return runners;
  const [first] = opened;
  throw first?.status === "rejected" ? first.reason : new RunnerMissing("Nothing keeps jobs apart here.");
}

/** Opens what keeps jobs apart, and says what is rented out with it. */
export async function openRental(
  options: RentOptions,
  hardware: Hardware,
): Promise<{ runners: Runner[]; offer: () => Promise<RentalOffer> }> {
  const runners =
    options.runner !== "bubblewrap"
      ? [options.runner === "slurm" ? await openSlurm(options) : await openKubernetes(options)]
      : await openMachine(createCardPool(await listCards(hardware.gpus)));
  const own = {
    cpuCores: hardware.cpuCores,
    // The other half is the machine's own, and its models'.
    memoryMb: Math.max(64, Math.floor(hardware.memoryBytes / MIB / 2)),
    gpus: gpusOf(hardware),
  };
  return {
    runners,
    offer: async () => {
      const capacity = (await runners[0]?.capacity()) ?? own;
      return {
        ...capacity,
        runners: runners.map(({ name }) => name),
        cpuCores: options.cores ?? capacity.cpuCores,
        memoryMb: options.memoryMb ?? capacity.memoryMb,
        diskMb: options.diskMb,
        allowsNetwork: options.allowsNetwork && runners.some(({ hasNetwork }) => hasNetwork),
        hasImages: runners.some(({ hasImages }) => hasImages),
        pricePerCoreHour: options.pricePerCoreHour,
        pricePerGpuHour: options.pricePerGpuHour,
        region: null,
        jobsMax: options.jobsMax,
      };
    },
  };
}
