import type { RentalFilter, RentalSort, RentalView } from "#core/schemas/market.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { listRentals } from "./jobs/list-rentals.ts";
import type { Rental } from "./jobs/match-job.ts";
import { activeStakes } from "./stake/stakes.ts";

const MICRO_DOLLARS = 1_000_000;

const gpuCount = ({ gpus }: Pick<Rental, "gpus">): number => gpus.reduce((sum, gpu) => sum + gpu.count, 0);

/** What all of a machine costs an hour, in micro-dollars. */
const wholePrice = (rental: Rental): bigint =>
  gpuCount(rental) > 0
    ? rental.pricePerGpuHour * BigInt(gpuCount(rental))
    : rental.pricePerCoreHour * BigInt(rental.cpuCores);

const unitPrice = (rental: RentalView): bigint =>
  BigInt(rental.gpus.length > 0 ? rental.pricePerGpuHour : rental.pricePerCoreHour);

type Measured = { tokensPerSecond: number | null; provenMemoryMb: number | null };
const UNMEASURED: Measured = { tokensPerSecond: null, provenMemoryMb: null };

function viewOf(rental: Rental, measured: Measured, stake: bigint): RentalView {
  const { tokensPerSecond, provenMemoryMb } = measured;
  // A ratio to compare by, not an amount: nothing is charged by it.
  const dollars = Number(wholePrice(rental)) / MICRO_DOLLARS;
  return {
    nodeId: rental.nodeId,
    nodeName: rental.nodeName,
    region: rental.region,
    trust: rental.isVerified ? "verified" : "new",
    isAttested: rental.isAttested,
    runners: rental.runners,
    gpus: rental.gpus,
    cpuCores: rental.cpuCores,
    memoryMb: rental.memoryMb,
    provenMemoryMb,
    diskMb: rental.diskMb,
    allowsNetwork: rental.allowsNetwork,
    hasImages: rental.hasImages,
    free: {
      cpuCores: Math.max(0, rental.cpuCores - rental.usedCores),
      memoryMb: Math.max(0, rental.memoryMb - rental.usedMemoryMb),
      gpus: Math.max(0, gpuCount(rental) - rental.usedGpus),
    },
    pricePerGpuHour: rental.pricePerGpuHour.toString(),
    pricePerCoreHour: rental.pricePerCoreHour.toString(),
    tokensPerSecond,
    speedPerDollar: tokensPerSecond === null || dollars === 0 ? null : tokensPerSecond / dollars,
    reliability: rental.reliability,
    stake: stake.toString(),
  };
}

const matches = (rental: RentalView, filter: RentalFilter): boolean => {
  const { gpu, gpuMemoryMb, region, trust, priceMax } = filter;
  if (gpu === "none" ? rental.gpus.length > 0 : gpu && !rental.gpus.some(({ model }) => includes(model, gpu)))
    return false;
  if (gpuMemoryMb && !rental.gpus.some(({ memoryMb }) => memoryMb >= gpuMemoryMb)) return false;
  if (region && rental.region !== region) return false;
  if (trust === "verified" && rental.trust !== "verified") return false;
  return priceMax === undefined || unitPrice(rental) <= BigInt(priceMax);
};

const includes = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

const byPrice = (left: RentalView, right: RentalView): number => {
  const difference = unitPrice(left) - unitPrice(right);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
};

const ORDERS: Record<RentalSort, (left: RentalView, right: RentalView) => number> = {
  price: byPrice,
  speed: (left, right) => (right.tokensPerSecond ?? -1) - (left.tokensPerSecond ?? -1),
  value: (left, right) => (right.speedPerDollar ?? -1) - (left.speedPerDollar ?? -1),
  reliability: (left, right) => right.reliability - left.reliability,
};

/** The machines that can be rented by the hour now, as far as they meet a filter. */
export async function listMarket(filter: RentalFilter) {
  const rentals = await listRentals(sqlOf(pool));
  const [rows, stakes] = await Promise.all([
    db.computeNode.findMany({
      where: { id: { in: rentals.map(({ nodeId }) => nodeId) } },
      select: { id: true, tokensPerSecond: true, provenMemoryMb: true },
    }),
    activeStakes([...new Set(rentals.map(({ ownerId }) => ownerId))]),
  ]);
  const measured = new Map(rows.map(({ id, ...one }) => [id, one]));
  const views = rentals.map((rental) =>
    viewOf(rental, measured.get(rental.nodeId) ?? UNMEASURED, stakes.get(rental.ownerId) ?? 0n),
  );
  const order = ORDERS[filter.sort];
  const found = views
    .filter((view) => matches(view, filter))
    .sort((left, right) => order(left, right) || byPrice(left, right) || (left.nodeId < right.nodeId ? -1 : 1));
  const known = (values: (string | null)[]) => [...new Set(values)].filter((value) => value !== null).sort();
  return {
    data: found.slice(0, filter.limit),
    total: found.length,
    gpus: known(views.flatMap(({ gpus }) => gpus.map(({ model }) => model))),
    regions: known(views.map(({ region }) => region)),
  };
}
