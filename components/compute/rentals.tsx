"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy } from "react";
import { type RentalSort, type RentalView, rentalSort } from "#core/schemas/market.ts";
import { every } from "../api/every.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn, numberColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Opener } from "../ui/opener.tsx";
import { Select } from "../ui/select.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { NodeTrustStatus } from "./node-trust.tsx";
import { PriceChart } from "./price-chart.tsx";

const RunJob = lazy(() => import("./run-job.tsx"));

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const sizeOf = (megabytes: number): string =>
  megabytes < 1_024 ? `${number.format(megabytes)} MB` : `${number.format(megabytes / 1_024)} GB`;

const gpuWords = ({ gpus }: RentalView): string =>
  gpus.length === 0
    ? "No GPU"
    : gpus.map((gpu) => `${gpu.count} × ${gpu.model}, ${sizeOf(gpu.memoryMb)} each`).join("; ");

/** The whole machine's hour: what is proposed as the most to pay, and can be lowered to a part of it. */
function mostAnHour(rental: RentalView): { gpuCount: number; pricePerHourMax: string } {
  const gpuCount = Math.min(rental.free.gpus, 1);
  const price = BigInt(rental.pricePerCoreHour) + BigInt(gpuCount) * BigInt(rental.pricePerGpuHour);
  return { gpuCount, pricePerHourMax: price.toString() };
}

const COLUMNS: readonly Column<RentalView>[] = [
  {
    id: "machine",
    header: "Machine",
    cell: (rental) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">{rental.nodeName}</span>
        <span className="block text-ink-3 text-xs">{gpuWords(rental)}</span>
        <span className="block text-ink-3 text-xs">
          {rental.free.cpuCores} of {rental.cpuCores} cores and {sizeOf(rental.free.memoryMb)} free
          {rental.region !== null && `, ${rental.region}`}
        </span>
        <span className="mt-1 block sm:hidden">
          <NodeTrustStatus trust={rental.trust} />
        </span>
      </span>
    ),
    skeletonWidth: "w-40",
  },
  {
    id: "trust",
    header: "Hardware",
    from: "sm",
    cell: (rental) => (
      <span className="block">
        <NodeTrustStatus trust={rental.trust} />
        {rental.isAttested && <span className="mt-0.5 block text-ink-3 text-xs">Trusted environment shown</span>}
        {rental.stake !== "0" && (
          <span className="mt-0.5 block text-ink-3 text-xs">
            <Amount units={rental.stake} /> at stake
          </span>
        )}
        {rental.provenMemoryMb !== null && (
          <span className="mt-0.5 block text-ink-3 text-xs">{sizeOf(rental.provenMemoryMb)} memory shown</span>
        )}
      </span>
    ),
  },
  numberColumn("Speed", (rental) => rental.tokensPerSecond && `${number.format(rental.tokensPerSecond)} tok/s`, {
    from: "lg",
  }),
  numberColumn("Speed per $", (rental) => rental.speedPerDollar && number.format(rental.speedPerDollar), {
    from: "lg",
  }),
  numberColumn("Finishes", (rental) => percent.format(rental.reliability), { from: "sm" }),
  {
    id: "price",
    header: "An hour",
    align: "right",
    cell: (rental) => (
      <span className="block whitespace-nowrap">
        {rental.gpus.length > 0 && (
          <span className="block">
            <Amount units={rental.pricePerGpuHour} /> <span className="text-ink-3 text-xs">a GPU</span>
          </span>
        )}
        <span className="block">
          <Amount units={rental.pricePerCoreHour} /> <span className="text-ink-3 text-xs">a core</span>
        </span>
      </span>
    ),
  },
  actionColumn((rental) => (
    <Opener trigger={<Button size="sm">Rent</Button>}>
      {(popup) => (
        <RunJob {...popup} chosen={{ nodeId: rental.nodeId, nodeName: rental.nodeName, ...mostAnHour(rental) }} />
      )}
    </Opener>
  )),
];

const SORTS: Record<RentalSort, string> = {
  price: "Cheapest first",
  speed: "Fastest first",
  value: "Most speed per dollar",
  reliability: "Most reliable first",
};
const ANY = "any";

type Known = { gpus: readonly string[]; regions: readonly string[] };

/** What is shown, kept in the page's address: a link leads to the same list. */
function useFilter() {
  const [gpu, setGpu] = useAddressValue("gpu");
  const [region, setRegion] = useAddressValue("region");
  const [trust, setTrust] = useAddressValue("trust");
  const [sort, setSort] = useAddressValue("sort");
  const filter = {
    ...(gpu ? { gpu } : {}),
    ...(region ? { region } : {}),
    trust: trust === "verified" ? ("verified" as const) : ("any" as const),
    sort: rentalSort.safeParse(sort).data ?? ("price" as const),
  };
  const clear = (set: (value: string | null) => void) => (value: string) => set(value === ANY ? null : value);
  return {
    filter,
    set: { gpu: clear(setGpu), region: clear(setRegion), trust: clear(setTrust), sort: setSort },
  };
}

function Filters({ filter, set, known }: ReturnType<typeof useFilter> & { known: Known }) {
  const named = (values: readonly string[]) => values.map((value) => ({ value, label: value }));
  const withChosen = (values: readonly string[], chosen: string | undefined) =>
    chosen && chosen !== "none" && !values.includes(chosen) ? [...values, chosen] : values;
  return (
    <div className="grid grid-cols-2 gap-2 sm:grid-cols-4">
      <Select
        label="GPU"
        value={filter.gpu ?? ANY}
        onValueChange={set.gpu}
        options={[
          { value: ANY, label: "With or without GPU" },
          { value: "none", label: "Without GPU" },
          ...named(withChosen(known.gpus, filter.gpu)),
        ]}
      />
      <Select
        label="Region"
        value={filter.region ?? ANY}
        onValueChange={set.region}
        options={[{ value: ANY, label: "Anywhere" }, ...named(withChosen(known.regions, filter.region))]}
      />
      <Select
        label="Hardware"
        value={filter.trust}
        onValueChange={set.trust}
        options={[
          { value: ANY, label: "Verified or not" },
          { value: "verified", label: "Verified only" },
        ]}
      />
      <Select
        label="Order"
        value={filter.sort}
        onValueChange={set.sort}
        options={rentalSort.options.map((value) => ({ value, label: SORTS[value] }))}
      />
    </div>
  );
}

/** Machines by the hour: who has what, whether it was shown to be true, and what it costs. */
export default function Rentals() {
  const trpc = useTRPC();
  const filters = useFilter();
  const query = useQuery(
    trpc.compute.listRentals.queryOptions(filters.filter, {
      refetchInterval: every(5_000),
      placeholderData: keepPreviousData,
    }),
  );
  const { gpu } = filters.filter;
  const shownGpu = gpu && gpu !== "none" ? gpu : query.data?.gpus[0];
  return (
    <div className="flex flex-col gap-6">
      <Filters {...filters} known={query.data ?? { gpus: [], regions: [] }} />
      <QueryCard
        title="Machines"
        description="Metered by the second, only while your program runs. “Verified” machines passed tests of what they claim."
        query={query}
        columns={COLUMNS}
        rowKey={(rental) => rental.nodeId}
        skeletonRows={2}
        empty={
          <EmptyState title="No machine fits" example="node gpu-node --url … --token … --rent">
            Loosen the filters above, or rent out a machine of your own in the tab “Provide”.
          </EmptyState>
        }
      />
      {shownGpu && gpu !== "none" ? (
        <PriceChart kind="gpu-hour" of={shownGpu} name={shownGpu} />
      ) : (
        <PriceChart kind="core-hour" of="CPU" name="a core" />
      )}
    </div>
  );
}
