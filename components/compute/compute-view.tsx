"use client";

import { parseAsStringLiteral, useQueryState } from "nuqs";
import { TabPanel, Tabs } from "../ui/tabs.tsx";
import { Market } from "./market.tsx";
import { Playground } from "./playground.tsx";
import { Provide } from "./provide.tsx";
import { Requests } from "./requests.tsx";

const TABS = [
  { value: "market", label: "Models and nodes" },
  { value: "playground", label: "Playground" },
  { value: "requests", label: "Your requests" },
  { value: "provide", label: "Provide" },
] as const;
type Tab = (typeof TABS)[number]["value"];

export function ComputeView({ publicUrl }: { publicUrl: string }) {
  const [tab, setTab] = useQueryState(
    "tab",
    parseAsStringLiteral(TABS.map(({ value }) => value)).withDefault("market"),
  );
  return (
    <Tabs label="Compute" tabs={TABS} value={tab} onValueChange={(next) => void setTab(next as Tab)}>
      <TabPanel value="market">
        <Market />
      </TabPanel>
      <TabPanel value="playground">
        <Playground />
      </TabPanel>
      <TabPanel value="requests">
        <Requests />
      </TabPanel>
      <TabPanel value="provide">
        <Provide publicUrl={publicUrl} />
      </TabPanel>
    </Tabs>
  );
}
