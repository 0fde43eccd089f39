import { z } from "zod";
import type { Actor } from "#server/identity/actor.ts";
import { type ActionPorts, PORTS, payAsAgent } from "../act-as-agent.ts";

// A process that starts a payment and is killed at a named place in it, as a crash would: nothing is tidied up.

export const DEATHS = [
  "before the policy is asked",
  "before the operation is built",
  "before it is signed",
  "after it is signed",
  "inside the transaction that orders it",
  "after it is ordered",
] as const;
export type Death = (typeof DEATHS)[number];

function dyingAt(death: Death): ActionPorts {
  const passing = async (place: Death): Promise<void> => {
    if (place !== death) return;
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => undefined);
  };
  return {
    evaluate: async (input) => {
      await passing("before the policy is asked");
      return PORTS.evaluate(input);
    },
    build: async (input) => {
      await passing("before the operation is built");
      return PORTS.build(input);
    },
    sign: async (input) => {
      await passing("before it is signed");
      const signed = await PORTS.sign(input);
      await passing("after it is signed");
      return signed;
    },
    order: async (id, signature, alongside) => {
      await PORTS.order(id, signature, async (sql) => {
        await alongside?.(sql);
        await passing("inside the transaction that orders it");
      });
      await passing("after it is ordered");
    },
  };
}

if (import.meta.main) {
  const given = z
    .object({
      actor: z.custom<Actor>(),
      input: z.object({ id: z.string(), recipient: z.string(), units: z.string(), key: z.string() }),
      death: z.enum(DEATHS),
    })
    .parse(JSON.parse(process.argv[2] ?? "null"));
  await payAsAgent(given.actor, given.input, dyingAt(given.death));
  throw new Error("The payment came to its end.");
}
