import type { RentalOffer } from "../../core/schemas/job-protocol.ts";
import type { Hardware } from "../../core/schemas/node-protocol.ts";
import type { RentOptions } from "../options.ts";
import { openBubblewrap } from "./bubblewrap.ts";
import { listCards } from "./job-gpus.ts";
import type { Runner } from "./runner.ts";
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

/** Opens what keeps jobs apart, and says what is rented out with it. */
export async function openRental(
  options: RentOptions,
  hardware: Hardware,
): Promise<{ runners: Runner[]; offer: () => Promise<RentalOffer> }> {
  const runner =
    options.runner === "slurm" ? await openSlurm(options) : await openBubblewrap(await listCards(hardware.gpus));
  const own = {
    cpuCores: hardware.cpuCores,
    // The other half is the machine's own, and its models'.
    memoryMb: Math.max(64, Math.floor(hardware.memoryBytes / MIB / 2)),
    gpus: gpusOf(hardware),
  };
  return {
    runners: [runner],
    offer: async () => {
      const capacity = (await runner.capacity()) ?? own;
      return {
        ...capacity,
        runners: [runner.name],
        cpuCores: options.cores ?? capacity.cpuCores,
        memoryMb: options.memoryMb ?? capacity.memoryMb,
        diskMb: options.diskMb,
        allowsNetwork: options.allowsNetwork && runner.hasNetwork,
        hasImages: runner.hasImages,
        pricePerCoreHour: options.pricePerCoreHour,
        pricePerGpuHour: options.pricePerGpuHour,
        region: null,
        jobsMax: options.jobsMax,
      };
    },
  };
}
