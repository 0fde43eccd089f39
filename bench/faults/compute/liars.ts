import { runLiarSet } from "#server/compute/testing/liar-set.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";

/** Nodes that lie, each in one way, and honest ones beside them, under the platform's own tests. */
export async function liarSet(): Promise<BenchRow[]> {
  const { liars, honest } = await runLiarSet();
  const caught = Object.values(liars).filter(({ reason }) => reason !== null);
  const accused = Object.entries(honest).filter(([, { trust, reason }]) => trust === "suspended" || reason !== null);
  const free = Object.entries(liars).filter(([, { reason }]) => reason === null);
  return [
    bounded(
      "liars caught, of the set",
      Math.round((caught.length * 100) / Object.keys(liars).length),
      "percent",
      ">= 100",
      free.map(([name]) => name).join(", ") || `${caught.length} kinds of lie`,
    ),
    bounded(
      "honest nodes accused",
      accused.length,
      "count",
      "<= 0",
      accused.map(([name]) => name).join(", ") || `${Object.keys(honest).length} nodes on unlike machines`,
    ),
  ];
}
