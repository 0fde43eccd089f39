import { DomainError } from "#core/errors.ts";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Connection, inTransaction } from "./store.ts";

/** Whoever signs for an agent holds it shared, and whoever stops agents alone: a stop waits for signatures in the making. */
const HALT_LOCK = "hashtextextended('converge signer halts', 0)";

export async function setHalt(_keys: KeyRing, input: SignerInput<"setHalt">): Promise<SignerOutput<"setHalt">> {
  await inTransaction(async (connection) => {
    await connection.query(`SELECT pg_advisory_xact_lock(${HALT_LOCK})`);
    if (input.halted)
      await connection.query(
        `INSERT INTO signer_halt (scope, reason) VALUES ($1, $2) ON CONFLICT (scope) DO UPDATE SET reason = excluded.reason, at = now()`,
        [input.scope, input.reason],
      );
    else await connection.query("DELETE FROM signer_halt WHERE scope = $1", [input.scope]);
  });
  return { halted: input.halted };
}

/** Why each of these agents is stopped, where it is; until the transaction ends nobody stops them. */
export async function readHalts(
  connection: Connection,
  agentIds: readonly string[],
): Promise<(agentId: string) => DomainError | null> {
  await connection.query(`SELECT pg_advisory_xact_lock_shared(${HALT_LOCK})`);
  const { rows } = await connection.query<{ scope: string; reason: string }>(
    "SELECT scope, reason FROM signer_halt WHERE scope = ANY($1)",
    [["platform", ...agentIds.map((id) => `agent:${id}`)]],
  );
  const reasons = new Map(rows.map(({ scope, reason }) => [scope, reason]));
  return (agentId) => {
    const platform = reasons.get("platform");
    if (platform !== undefined) return new DomainError("AGENTS_HALTED", { reason: platform });
    const tripped = reasons.get(`agent:${agentId}`);
    if (tripped === undefined) return null;
    const [breaker = "", ...words] = tripped.split(": ");
    return new DomainError("BREAKER_TRIPPED", { breaker, reason: words.join(": ") });
  };
}
