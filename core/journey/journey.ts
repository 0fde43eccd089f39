import { AGENT_STEPS } from "./agent-steps.ts";
import { EARN_AND_SPEND } from "./earn-and-spend.ts";
import { PROVE_AND_SETTLE } from "./prove-and-settle.ts";
import type { JourneyStep } from "./walk.ts";

/** The whole way through the four pillars, for a new person, over the public interfaces only. */
export const JOURNEY: readonly JourneyStep[] = [...EARN_AND_SPEND, ...AGENT_STEPS, ...PROVE_AND_SETTLE];
