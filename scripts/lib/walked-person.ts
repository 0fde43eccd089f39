import { HttpSession } from "../../bench/journey/http.ts";
import { createProgramPorts } from "../../bench/journey/program-ports.ts";
import { JOURNEY } from "../../core/journey/journey.ts";
import { runStep } from "../../core/journey/walk.ts";

export type WalkedPerson = { cookies: { name: string; value: string }[]; made: Record<string, string> };

/** A new person who has been through all four pillars, for pages that show what somebody has. */
export async function walkJourney(baseUrl: string): Promise<WalkedPerson> {
  const session = new HttpSession(baseUrl);
  const ports = createProgramPorts(baseUrl, session);
  const state = new Map<string, string>();
  const made: Record<string, string> = {};
  for (const step of JOURNEY) {
    const result = await runStep(step, ports, state);
    if (!result.ok) throw new Error(`The journey stopped at “${result.title}”: ${result.error}`);
    for (const name of ["receipt", "proof", "agent"]) {
      const value = result.receipt[name];
      if (typeof value === "string") made[name] ??= value;
    }
  }
  made.inference = state.get("inferenceId") ?? "";
  return { cookies: session.cookies, made };
}
