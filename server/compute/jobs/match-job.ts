import type { JobSpec, NearOffer, RunnerName } from "#core/schemas/job.ts";
import type { RentalOffer } from "#core/schemas/job-protocol.ts";
import { hourlyPrice } from "./job-metering.math.ts";

/** A node that rents out, with what is free of it now. */
export type Rental = {
  nodeId: string;
  nodeName: string;
  ownerId: string;
  region: string | null;
  runners: RunnerName[];
  cpuCores: number;
  memoryMb: number;
  diskMb: number;
  gpus: RentalOffer["gpus"];
  allowsNetwork: boolean;
  hasImages: boolean;
  pricePerCoreHour: bigint;
  pricePerGpuHour: bigint;
  jobsMax: number;
  isVerified: boolean;
  isAttested: boolean;
  reliability: number;
  usedCores: number;
  usedMemoryMb: number;
  usedDiskMb: number;
  usedGpus: number;
  jobs: number;
};

export type Miss = NearOffer["misses"][number];

const dollars = (units: bigint): string => {
  const text = units.toString().padStart(7, "0");
  return `$${text.slice(0, -6)}.${text.slice(-6).replace(/0{1,4}$/, "")}`;
};

/** The GPUs of a node that meet a spec, together. */
export function fittingGpus(rental: Pick<Rental, "gpus">, { gpuModel, gpuMemoryMb }: JobSpec["resources"]): number {
  return rental.gpus
    .filter(
      (gpu) =>
        (!gpuModel || gpu.model.toLowerCase().includes(gpuModel.toLowerCase())) &&
        (!gpuMemoryMb || gpu.memoryMb >= gpuMemoryMb),
    )
    .reduce((sum, gpu) => sum + gpu.count, 0);
}

/** The runner of a node that a spec would run under, or null. Images need one that has them. */
export function runnerFor(rental: Rental, spec: JobSpec): RunnerName | null {
  const hasImages = (runner: RunnerName) => runner === "podman" || runner === "kubernetes";
  const able = rental.runners.filter((runner) => hasImages(runner) === Boolean(spec.image));
  return able.find((runner) => !spec.runners || spec.runners.includes(runner)) ?? null;
}

/** Everything of a spec that a node does not meet at any time, each with what would have to change. */
export function missesOf(rental: Rental, spec: JobSpec): Miss[] {
  const misses: Miss[] = [];
  const { resources } = spec;
  const miss = (field: string, wanted: string | number, offered: string | number, relax: string) =>
    misses.push({ field, wanted: String(wanted), offered: String(offered), relax });
  const atMost = (field: "cpuCores" | "memoryMb" | "diskMb", what: string) => {
    if (resources[field] > rental[field])
      miss(`resources.${field}`, resources[field], rental[field], `Ask for ${rental[field]} ${what} or fewer.`);
  };
  atMost("cpuCores", "cores");
  atMost("memoryMb", "MB of memory");
  atMost("diskMb", "MB of disk");
  const gpus = fittingGpus(rental, resources);
  if (resources.gpuCount > gpus) {
    const offered = rental.gpus.map((gpu) => `${gpu.count} × ${gpu.model} (${gpu.memoryMb} MB)`).join(", ");
    miss(
      "resources.gpuCount",
      `${resources.gpuCount}${resources.gpuModel ? ` × ${resources.gpuModel}` : ""}`,
      offered || "no GPU",
      gpus > 0
        ? `Ask for ${gpus} of them or fewer.`
        : offered
          ? "Ask for another model, or less memory of each."
          : "Ask for no GPU.",
    );
  }
  if (spec.image && !rental.hasImages) miss("image", spec.image, "no images", "Leave the image out.");
  if (!runnerFor(rental, spec))
    miss(
      "runners",
      spec.runners?.join(", ") ?? (spec.image ? "one with images" : "one for programs of the machine's own"),
      rental.runners.join(", "),
      spec.runners ? "Name no runner." : spec.image ? "Leave the image out." : "Name an image.",
    );
  if (spec.network === "internet" && !rental.allowsNetwork)
    miss("network", "internet", "none", "Bring the data as inputs instead.");
  else if (spec.network === "internet" && spec.image)
    miss("network", "internet", "none for images", "Bring the data as inputs instead, or leave the image out.");
  if (spec.region && spec.region !== rental.region)
    miss("region", spec.region, rental.region ?? "unknown", "Name no region.");
  if (spec.nodeId && spec.nodeId !== rental.nodeId) miss("nodeId", spec.nodeId, rental.nodeId, "Name no node.");
  if (spec.trust === "attested" && !rental.isAttested)
    miss("trust", "attested", "no evidence", "Accept verified nodes.");
  else if (spec.trust === "verified" && !rental.isVerified)
    miss("trust", "verified", "not challenged yet", "Accept any node.");
  const price = hourlyPrice(rental, resources);
  if (price > BigInt(spec.pricePerHourMax))
    miss("pricePerHourMax", dollars(BigInt(spec.pricePerHourMax)), dollars(price), `Pay ${dollars(price)} an hour.`);
  return misses;
}

/** Whether there is room now for a spec that fits. */
export const hasRoom = (rental: Rental, { resources }: JobSpec): boolean =>
  rental.jobs < rental.jobsMax &&
  rental.usedCores + resources.cpuCores <= rental.cpuCores &&
  rental.usedMemoryMb + resources.memoryMb <= rental.memoryMb &&
  rental.usedDiskMb + resources.diskMb <= rental.diskMb &&
  rental.usedGpus + resources.gpuCount <= rental.gpus.reduce((sum, gpu) => sum + gpu.count, 0);

/** Those that fit, cheapest first, and of equal prices the more reliable and the emptier. */
export function rankRentals(rentals: readonly Rental[], spec: JobSpec): Rental[] {
  const fitting = rentals.filter((rental) => missesOf(rental, spec).length === 0);
  const price = (rental: Rental) => hourlyPrice(rental, spec.resources);
  return fitting.sort((left, right) => {
    const difference = price(left) - price(right);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
    return right.reliability - left.reliability || left.jobs - right.jobs || (left.nodeId < right.nodeId ? -1 : 1);
  });
}
