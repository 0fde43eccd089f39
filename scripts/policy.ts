import { writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { dryRunWords } from "#core/policy/dry-run-words.ts";
import { printPolicy } from "#core/policy/policy-code.ts";
import { type PolicyInput, policyInput } from "#core/schemas/agent-policy.ts";
import type { PolicyPreview, PolicyVersionView } from "#core/schemas/policy-version.ts";

// An agent's policy as a file of TypeScript: npm run policy -- show|plan|apply. The address of Converge is CONVERGE_URL
// and an API key of the agent's owner CONVERGE_KEY; docs/policy-as-code.md has the rest.

const USAGE = `Usage: npm run policy -- show --agent agt_… [--to FILE]
       npm run policy -- plan FILE --agent agt_… [--check]     ends with 1 where FILE differs from the policy of now
       npm run policy -- apply FILE --agent agt_… [--yes]
CONVERGE_KEY is an API key of the agent's owner, CONVERGE_URL where Converge runs (http://localhost:3000).
`;

/** What ends the program with a sentence. */
class Stop extends Error {
  override readonly name = "Stop";
}

async function call<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
  const { CONVERGE_KEY, CONVERGE_URL = "http://localhost:3000" } = process.env;
  if (!CONVERGE_KEY) throw new Stop("Set CONVERGE_KEY to an API key of the agent's owner.");
  const url = new URL(`/api/v1${path}`, CONVERGE_URL);
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${CONVERGE_KEY}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Stop(`${url.origin} does not answer.`);
  });
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer as Answer;
  const { code = response.status, message = "no reason", requestId } = answer?.error ?? {};
  throw new Stop(`${code}: ${message}${requestId ? ` (${requestId})` : ""}`);
}

async function readPolicy(file: string): Promise<PolicyInput> {
  const module = await import(pathToFileURL(resolve(file)).href).catch((error: unknown) => {
    throw new Stop(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const parsed = policyInput.safeParse(module.default);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `  ${issue.path.join(".") || "default export"}: ${issue.message}`,
  );
  throw new Stop(`${file} is not a policy:\n${problems.join("\n")}`);
}

function printPlan({ changes, isNarrower, waitSeconds, policyHash, dryRun }: PolicyPreview): void {
  const lines = changes.flatMap(({ what, before, after }) => [
    `  ${what}`,
    ...(before === null ? [] : [`    - ${before}`]),
    ...(after === null ? [] : [`    + ${after}`]),
  ]);
  const when = isNarrower
    ? "Narrower: it holds at the signer as soon as it is applied. The chain follows when the owner signs."
    : `Wider: ${waitSeconds} seconds after it is applied the owner can sign it, and it holds when the chain has it.`;
  const otherwise = dryRun.changes.map(
    ({ id, at, would, rule, value }) => `  ${at} ${id} ${would}${rule === null ? "" : `: ${rule}, ${value}`}`,
  );
  const past = [
    `The last ${dryRun.days} days under it:`,
    ...dryRunWords(dryRun).map((words) => `  ${words}`),
    ...otherwise,
  ];
  process.stdout.write(`${[...lines, "", when, `Its hash: ${policyHash}`, "", ...past].join("\n")}\n`);
}

async function plan(agent: string, file: string): Promise<{ policy: PolicyInput; differs: boolean }> {
  const policy = await readPolicy(file);
  const preview = await call<PolicyPreview>("POST", `/agents/${agent}/policies/preview`, { policy });
  const differs = preview.changes.length > 0;
  if (differs) printPlan(preview);
  else process.stdout.write("Nothing differs from the policy of now.\n");
  return { policy, differs };
}

async function isWanted(isYes: boolean): Promise<boolean> {
  if (isYes) return true;
  if (!process.stdin.isTTY) throw new Stop("Nobody is here to ask. Apply with --yes.");
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await asking.question("\nApply it? (yes/no) ");
  asking.close();
  return answer.trim() === "yes";
}

async function apply(agent: string, file: string, isYes: boolean): Promise<void> {
  const { policy, differs } = await plan(agent, file);
  if (!differs || !(await isWanted(isYes))) return;
  const made = await call<PolicyVersionView>("POST", `/agents/${agent}/policies`, { policy });
  process.stdout.write(
    `\nVersion ${made.number} is ${made.status}; it can be signed from ${made.effectiveAt} on, on the agent's page.\n`,
  );
}

async function show(agent: string, to: string | undefined): Promise<void> {
  const { data } = await call<{ data: PolicyVersionView[] }>("GET", `/agents/${agent}/policies`);
  const newest = data.find(({ status }) => status === "active") ?? data[0];
  if (!newest) throw new Stop("The agent has no policy.");
  const from = to === undefined ? process.cwd() : dirname(resolve(to));
  const module = relative(from, resolve(import.meta.dirname, "../core/policy/policy-code.ts"));
  const text = printPolicy(newest.source, module.startsWith(".") ? module : `./${module}`);
  if (to === undefined) process.stdout.write(text);
  else await writeFile(to, text, { flag: "wx" });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      agent: { type: "string" },
      to: { type: "string" },
      check: { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
    },
  });
  const [verb, file] = positionals;
  const { agent } = values;
  if (agent && verb === "show") await show(agent, values.to);
  else if (agent && file && verb === "plan") return (await plan(agent, file)).differs && values.check ? 1 : 0;
  else if (agent && file && verb === "apply") await apply(agent, file, values.yes);
  else throw new Stop(USAGE);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
