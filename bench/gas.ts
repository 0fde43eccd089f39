import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../scripts/lib/services.ts";
import { type BenchRow, bounded } from "./bench-row.ts";

/** What others published for their own accounts and suites; docs/gas.md says where. Nothing of it was measured here. */
const PUBLISHED = { ithacaPlain: 94_212, ithacaLimited: 115_653 };

/** The figures that the contracts' gas tests print: every call a transaction of its own, with cold storage. */
function measured(): Map<string, number> {
  const output = execFileSync(
    process.execPath,
    [join(root, "scripts/forge.mjs"), "test", "-vv", "--match-contract", "^GasTest$"],
    { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  const found = [...output.matchAll(/^\s*(.+?): (\d+)$/gm)].map(
    ([, name = "", gas = "0"]) => [name, Number(gas)] as const,
  );
  return new Map(found);
}

export async function run(): Promise<BenchRow[]> {
  const figures = measured();
  const of = (name: string): number => {
    const gas = figures.get(name);
    if (gas === undefined) throw new Error(`No test printed "${name}".`);
    return gas;
  };
  const [owner, agent] = [of("owner's transfer"), of("agent's transfer")];
  const added = agent - owner;
  const theirs = PUBLISHED.ithacaLimited - PUBLISHED.ithacaPlain;
  return [
    { name: "an ERC-20 transfer by the account's owner", value: owner, unit: "gas" },
    { name: "the same by an agent key under its policy", value: agent, unit: "gas" },
    bounded(
      "what the policy adds: allowlist, both caps, validity",
      added,
      "gas",
      "<= 32000",
      `${(added / theirs).toFixed(2)} × the ${theirs} that Ithaca publishes for limits`,
    ),
    {
      name: "in a bucket of the window that is new",
      value: of("agent's transfer three hours later"),
      unit: "gas",
      note: "first operation of a 24th of the window",
    },
  ];
}
