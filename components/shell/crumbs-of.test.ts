import { expect, test } from "vitest";
import { crumbsOf } from "./crumbs-of.ts";

test("names known places and shortens ids", () => {
  expect(crumbsOf("/agents/agt_01hzy3k4m5n6p7q8r9s0t1v2w3")).toEqual([
    { label: "Agents", href: "/agents" },
    { label: "agt_01hz…v2w3", href: "/agents/agt_01hzy3k4m5n6p7q8r9s0t1v2w3" },
  ]);
});

test("leaves out what has no page", () => {
  expect(crumbsOf("/agents/agt_1/strategies/new").map(({ label }) => label)).toEqual(["Agents", "agt_1", "New"]);
});

test("the root has no crumbs", () => {
  expect(crumbsOf("/")).toEqual([]);
});
