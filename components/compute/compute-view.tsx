"use client";

import { lazy, Suspense } from "react";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { TabPanel, Tabs } from "../ui/tabs.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { Market } from "./market.tsx";

const Rentals = lazy(() => import("./rentals.tsx"));
const Jobs = lazy(() => import("./jobs.tsx"));
const Playground = lazy(() => import("./playground.tsx"));
const Requests = lazy(() => import("./requests.tsx"));
const Escrows = lazy(() => import("./escrows.tsx"));
const Provide = lazy(() => import("./provide.tsx"));

const TABS = [
  { value: "market", label: "Models and nodes" },
  { value: "machines", label: "Machines" },
  { value: "playground", label: "Playground" },
  { value: "jobs", label: "Jobs" },
  { value: "requests", label: "Your requests" },
  { value: "escrow", label: "Escrow" },
  { value: "provide", label: "Provide" },
] as const;

export function ComputeView({ publicUrl }: { publicUrl: string }) {
  const [wanted, setWanted] = useAddressValue("tab");
  const tab = TABS.find(({ value }) => value === wanted)?.value ?? "market";
  return (
    <Tabs label="Compute" tabs={TABS} value={tab} onValueChange={setWanted}>
      <TabPanel value="market">
        <Market />
      </TabPanel>
      <TabPanel value="machines">
        <Suspense fallback={<CardSkeleton rows={6} />}>
          <Rentals />
        </Suspense>
      </TabPanel>
      <TabPanel value="jobs">
        <Suspense fallback={<CardSkeleton rows={6} />}>
          <Jobs />
        </Suspense>
      </TabPanel>
      <TabPanel value="playground">
        <Suspense fallback={<CardSkeleton rows={6} />}>
          <Playground />
        </Suspense>
      </TabPanel>
      <TabPanel value="requests">
        <Suspense fallback={<CardSkeleton rows={6} />}>
          <Requests />
        </Suspense>
      </TabPanel>
      <TabPanel value="escrow">
        <Suspense fallback={<CardSkeleton rows={6} />}>
          <Escrows />
        </Suspense>
      </TabPanel>
      <TabPanel value="provide">
        <Suspense fallback={<CardSkeleton rows={6} />}>
          <Provide publicUrl={publicUrl} />
        </Suspense>
      </TabPanel>
    </Tabs>
  );
}
