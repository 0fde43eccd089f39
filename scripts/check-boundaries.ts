import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const ROOMS = ["app", "components", "core", "server", "gpu-node", "bench", "e2e", "scripts"];

/**
 * Who may import whom. The first rule whose `from` matches a file decides; a target must match one of its `may`.
 * Paths are relative to the repository; a trailing slash means the folder.
 */
const PILLAR_BASE = [
  "core/",
  "server/db.ts",
  "server/env.ts",
  "server/log.ts",
  "server/queue.ts",
  "server/metrics.ts",
  "server/ledger/",
  "server/chain/",
  "server/identity/",
  "generated/",
];
const API_MAY = [
  "core/",
  "server/api/",
  "server/identity/",
  "server/ledger/",
  "server/compute/",
  "server/wallets/",
  "server/proofs/",
  "server/rewards/",
  "server/solvency/",
  "server/books/",
  "server/agents/",
  "server/operations/",
  "server/env.ts",
  "server/log.ts",
  "server/metrics.ts",
];

const RULES: { from: string; may: string[] }[] = [
  { from: "core/", may: ["core/"] },
  { from: "gpu-node/", may: ["gpu-node/", "core/"] },
  { from: "components/ui/", may: ["components/ui/"] },
  { from: "components/", may: ["components/", "core/", "server/api/root.ts"] },
  { from: "app/", may: ["app/", "components/", "core/", "server/identity/", "server/api/"] },
  { from: "server/parse-env.ts", may: ["core/"] },
  { from: "server/env.ts", may: ["server/parse-env.ts"] },
  { from: "server/log.ts", may: ["core/", "server/env.ts"] },
  { from: "server/metrics.ts", may: ["core/"] },
  { from: "server/db.ts", may: ["core/", "server/env.ts", "server/log.ts", "generated/"] },
  { from: "server/queue.ts", may: ["core/", "server/db.ts"] },
  {
    from: "server/ledger/",
    may: [
      "core/",
      "server/ledger/",
      "server/group-commit.ts",
      "server/db.ts",
      "server/env.ts",
      "server/log.ts",
      "server/queue.ts",
      "generated/",
    ],
  },
  {
    from: "server/chain/",
    may: [
      "core/",
      "server/chain/",
      "server/ledger/",
      "server/db.ts",
      "server/env.ts",
      "server/log.ts",
      "server/queue.ts",
      "generated/",
    ],
  },
  {
    from: "server/identity/",
    may: [
      "core/",
      "server/identity/",
      "server/ledger/",
      "server/db.ts",
      "server/env.ts",
      "server/log.ts",
      "generated/",
    ],
  },
  {
    from: "server/signer/",
    may: [
      "core/",
      "server/signer/",
      "server/group-commit.ts",
      "server/env.ts",
      "server/log.ts",
      "server/chain/deployments.ts",
    ],
  },
  { from: "server/proofs/", may: [...PILLAR_BASE, "server/proofs/"] },
  { from: "server/compute/", may: [...PILLAR_BASE, "server/compute/", "server/proofs/"] },
  { from: "server/wallets/", may: [...PILLAR_BASE, "server/wallets/", "server/proofs/"] },
  { from: "server/rewards/", may: [...PILLAR_BASE, "server/rewards/", "server/wallets/", "server/proofs/"] },
  {
    from: "server/solvency/",
    may: [...PILLAR_BASE, "server/solvency/", "server/wallets/", "server/rewards/"],
  },
  {
    from: "server/books/",
    may: [...PILLAR_BASE, "server/books/", "server/wallets/", "server/rewards/", "server/solvency/"],
  },
  {
    from: "server/agents/",
    may: [...PILLAR_BASE, "server/agents/", "server/wallets/", "server/compute/", "server/proofs/"],
  },
  {
    from: "server/operations/",
    may: [
      ...PILLAR_BASE,
      "server/operations/",
      "server/books/",
      "server/compute/",
      "server/wallets/",
      "server/rewards/",
      "server/solvency/",
      "server/proofs/",
    ],
  },
  // The doors' own bookkeeping is no pillar's business: who called how often, and what was answered before.
  { from: "server/api/rate-limit.ts", may: [...API_MAY, "server/db.ts"] },
  { from: "server/api/idempotency.ts", may: [...API_MAY, "server/db.ts"] },
  { from: "server/api/", may: API_MAY },
  { from: "server/jobs/", may: ["core/", "server/", "generated/"] },
  { from: "server/web/", may: ["core/", "server/web/", "server/api/", "server/env.ts"] },
];

/** The signer is spoken to over its socket; nobody links against it. */
const NEVER_IMPORTED = [{ target: "server/signer/", exceptFrom: "server/signer/" }];

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

async function* sourceFiles(directory: string): AsyncGenerator<string> {
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== "generated") yield* sourceFiles(path);
    else if (/\.tsx?$/.test(entry.name) && !/\.d\.ts$/.test(entry.name)) yield path;
  }
}

const isTest = (file: string) => /\.(test|integration\.test|spec)\.ts$/.test(file) || file.includes("/testing/");

/** The repository path an import names, or null for a package. */
function resolveImport(file: string, specifier: string): string | null {
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (specifier.startsWith(".")) return relative(root, resolve(dirname(join(root, file)), specifier));
  return null;
}

const matches = (path: string, pattern: string) =>
  pattern.endsWith("/") ? path.startsWith(pattern) : path === pattern;

const problems: string[] = [];
for (const room of ROOMS) {
  for await (const absolute of sourceFiles(join(root, room))) {
    const file = relative(root, absolute);
    if (isTest(file)) continue;
    const rule = RULES.find(({ from }) => matches(file, from));
    const text = await readFile(absolute, "utf8");
    for (const match of text.matchAll(IMPORT)) {
      const target = resolveImport(file, match[1] ?? match[2] ?? match[3] ?? "");
      if (!target) continue;
      if (rule && !rule.may.some((pattern) => matches(target, pattern)) && target !== file)
        problems.push(`${file} may not import ${target}`);
      for (const { target: closed, exceptFrom } of NEVER_IMPORTED) {
        if (matches(target, closed) && !file.startsWith(exceptFrom))
          problems.push(`${file} may not import ${target}: nobody links against the signer`);
      }
    }
  }
}
if (problems.length > 0) {
  process.stderr.write(
    `${problems.join("\n")}\n${problems.length} imports cross a boundary. ARCHITECTURE.md says who may import whom.\n`,
  );
  process.exit(1);
}
process.stdout.write("Every import stays within its room's rights.\n");
