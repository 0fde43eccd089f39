import { parseArgs } from "node:util";
import { findInstance } from "./lib/find-instance.ts";

// Checks all money: npm run audit [-- --json] [-- --archives FOLDER]. Of the database and chain in DATABASE_URL and CHAIN_RPC_URL, or of the
// instance that runs from CONVERGE_HOME. Ends with 1 when anything differs, with 2 when it could not be checked.

const { values } = parseArgs({ options: { json: { type: "boolean", default: false }, archives: { type: "string" } } });
const isJson = values.json;

async function audit(): Promise<number> {
  await findInstance();
  // The configuration is read with the first import of a server module, so none comes before this.
  const { auditMoney } = await import("#server/solvency/audit-money.ts");
  const { pool } = await import("#server/db.ts");
  try {
    const { block, links, sections } = await auditMoney({ archives: values.archives });
    const differences = sections.flatMap(({ name, findings }) =>
      findings.map((found) => ({ section: name, ...found })),
    );
    if (isJson) {
      const checked = { block: block.toString(), links: links.toString(), sections: sections.map(({ name }) => name) };
      process.stdout.write(`${JSON.stringify({ ok: differences.length === 0, ...checked, differences })}\n`);
    } else {
      process.stdout.write(`\nLedger with ${links} sealed links, chain up to block ${block}\n\n`);
      for (const { name, findings } of sections) {
        process.stdout.write(
          `${findings.length === 0 ? "✓" : "✗"} ${name.padEnd(12)} ${findings.length} differences\n`,
        );
        for (const { where, problem } of findings) process.stdout.write(`    ${where}: ${problem}\n`);
      }
      process.stdout.write(
        differences.length === 0 ? "\nNothing differs.\n" : `\n${differences.length} differences.\n`,
      );
    }
    return differences.length === 0 ? 0 : 1;
  } finally {
    await pool.end();
  }
}

try {
  process.exitCode = await audit();
} catch (error) {
  process.stderr.write(`The money could not be checked: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
