import { JOURNEY } from "../../core/journey/journey.ts";
import type { StepResult } from "../../core/journey/ports.ts";
import { runStep } from "../../core/journey/walk.ts";
import { createProgramPorts } from "./program-ports.ts";

const baseUrl = process.env.BASE_URL ?? process.env.PUBLIC_URL ?? `http://localhost:${process.env.PORT ?? 3000}`;
const isJson = process.argv.includes("--json");

function print(result: StepResult): void {
  if (isJson) return;
  const receipt = Object.entries(result.receipt)
    .map(([key, value]) => `${key} ${value}`)
    .join(" · ");
  process.stdout.write(
    `${result.ok ? "✓" : "✗"} ${result.title.padEnd(62)} ${String(result.ms).padStart(6)} ms   ${result.error ?? receipt}\n`,
  );
}

const ports = createProgramPorts(baseUrl);
const state = new Map<string, string>();
const steps: StepResult[] = [];
if (!isJson) process.stdout.write(`\nThe journey, against ${baseUrl}\n\n`);
for (const step of JOURNEY) {
  const result = await runStep(step, ports, state);
  steps.push(result);
  print(result);
  // Later steps stand on earlier ones; after a failure they would only fail for its reason.
  if (!result.ok) break;
}
const ok = steps.length === JOURNEY.length && steps.every((step) => step.ok);
const totalMs = steps.reduce((sum, { ms }) => sum + ms, 0);
if (isJson) {
  const wire = steps.map(({ name, ok: stepOk, ms, receipt, error }) => ({
    name,
    ok: stepOk,
    ms,
    receipt,
    ...(error ? { error } : {}),
  }));
  process.stdout.write(`${JSON.stringify({ ok, steps: wire })}\n`);
} else {
  process.stdout.write(
    `\n${ok ? "The journey is complete" : "The journey stopped"}: ${steps.filter((step) => step.ok).length} of ${JOURNEY.length} steps in ${(totalMs / 1000).toFixed(1)} s\n`,
  );
}
process.exit(ok ? 0 : 1);
