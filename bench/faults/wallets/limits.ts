import { newId } from "#core/ids.ts";
import { SIGNER_METHODS } from "#core/schemas/signer.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { pool } from "#server/db.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { createPerson, depositFor, followUntilQuiet } from "#server/wallets/testing/wallet-world.ts";
import { prepareOperation, submitOperation } from "#server/wallets/user-operations.ts";
import { type BenchRow, bounded, round } from "../../bench-row.ts";
import { outcomeOf, type PaperAgent, paperAgent, policyOf, raw, signPayment } from "./wallets-world.ts";

const AGENT_METHODS = [
  "narrowAgentPolicy",
  "adoptAgentPolicy",
  "setAgentPaused",
  "revokeAgentWallet",
  "getAgentSpending",
  "evaluateExecution",
  "signUserOperation",
];
/** What wallets of other makes answer to, and ours does not. */
const FOREIGN = [
  "eth_sign",
  "personal_sign",
  "eth_signTypedData_v4",
  "eth_sendTransaction",
  "signHash",
  "signMessage",
  "signTypedData",
  "signAuthorization",
  "signTransaction",
  "exportKey",
  "exportMnemonic",
  "__proto__",
  "constructor",
  "toString",
];

/** W1: every method of the signer for an agent without a policy, and every method that there is not. */
export async function signerSurface(): Promise<BenchRow[]> {
  const agentId = newId("agent");
  const known = Object.keys(SIGNER_METHODS);
  const missing = AGENT_METHODS.filter((method) => !known.includes(method));
  let allowed = missing.length;
  const hash = `0x${"11".repeat(32)}`;
  const bodies = [
    JSON.stringify({ agentId, hash }),
    JSON.stringify({ agentId, callData: "0x", nonce: "1" }),
    JSON.stringify({ agentId, paused: false }),
    JSON.stringify({ agentId }),
    JSON.stringify({ digest: hash, agentId }),
    "{}",
  ];
  let asked = 0;
  for (const method of [...AGENT_METHODS, ...FOREIGN]) {
    for (const body of bodies) {
      asked += 1;
      if ((JSON.parse(await raw(method, body)) as { ok: boolean }).ok) allowed += 1;
    }
  }
  const agent: PaperAgent = {
    agentId,
    account: "0x1111111111111111111111111111111111111111",
    key: "0x2222222222222222222222222222222222222222",
  };
  if (typeof (await outcomeOf(signPayment(agent, 1n, 0))) !== "string") allowed += 1;
  return [bounded("W1 without a policy: answers of the signer", allowed, "answers", "<= 0", `${asked + 1} requests`)];
}

/** W3: two hundred payments at once under one cap. */
export async function parallelSends(): Promise<BenchRow[]> {
  const agent = await paperAgent(policyOf(100n, 1_000n));
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, lane) => outcomeOf(signPayment(agent, 30n, lane))),
  );
  const signed = BigInt(outcomes.filter((one) => typeof one !== "string").length) * 30n;
  const [cap] = (await signerClient.getAgentSpending({ agentId: agent.agentId })).spentInWindow;
  return [
    bounded("W3 200 payments at once: signed, of a cap of 1,000", Number(signed), "units", "<= 1000"),
    bounded("W3 of what fits, signed", round(Number(signed) / 990, 3), "ratio", ">= 1", `counted ${cap?.amount ?? 0n}`),
  ];
}

const HOUR = 3_600_000;

/** W4: a greedy agent over ten days of a clock that jumps: midnights, an hour lost, an hour twice. */
export async function windows(): Promise<BenchRow[]> {
  const agent = await paperAgent(policyOf(100n, 500n, 86_400));
  const wallet = `agent:${agent.agentId}`;
  const spends: { at: number; amount: bigint }[] = [];
  let now = 0;
  let lane = 0;
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  while (now < 240 * HOUR) {
    const amount = BigInt(1 + Math.floor(random() * 100));
    lane += 1;
    if (typeof (await outcomeOf(signPayment(agent, amount, lane))) !== "string") spends.push({ at: now, amount });
    else {
      // Time passes for the signer's store as it does for us: to the next midnight, or by a stretch.
      const stretch = random() < 0.2 ? 24 * HOUR - (now % (24 * HOUR)) : Math.floor(random() * 5 * HOUR);
      now += stretch;
      await pool.query(
        "UPDATE signer_spend SET signed_at = signed_at - make_interval(secs => $2) WHERE wallet_id = $1",
        [wallet, stretch / 1_000],
      );
    }
  }
  let most = 0n;
  for (const { at } of spends) {
    const inside = spends.filter((one) => one.at > at - 24 * HOUR && one.at <= at);
    const sum = inside.reduce((total, { amount }) => total + amount, 0n);
    if (sum > most) most = sum;
  }
  return [
    bounded(
      "W4 the most in any 24 hours, of a cap of 500",
      Number(most),
      "units",
      "<= 500",
      `${spends.length} payments in 10 days`,
    ),
  ];
}

/** W8: signing as fast as it goes, when the pause comes. */
export async function pauses(): Promise<BenchRow[]> {
  const agents = await Promise.all(Array.from({ length: 16 }, () => paperAgent(policyOf(100n, 1_000_000n))));
  const measure = async (stop: () => Promise<unknown>) => {
    let last = 0;
    let isOver = false;
    const work = agents.map(async (agent, n) => {
      for (let lane = n * 100_000; !isOver; lane += 1) {
        const outcome = await outcomeOf(signPayment(agent, 1n, lane + Math.floor(performance.now()) * 100));
        if (typeof outcome === "string") return;
        last = performance.now();
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const pressedAt = performance.now();
    await stop();
    const answeredAt = performance.now();
    const giveUp = setTimeout(() => {
      isOver = true;
    }, 5_000);
    await Promise.all(work);
    clearTimeout(giveUp);
    return { ms: Math.max(0, last - pressedAt), answeredMs: answeredAt - pressedAt };
  };
  const halt = (halted: boolean) => signerClient.setHalt({ scope: "platform", halted, reason: "a drill" });
  const platform = await measure(() => halt(true));
  await halt(false);
  const each = await measure(() =>
    Promise.all(agents.map(({ agentId }) => signerClient.setAgentPaused({ agentId, paused: true }))),
  );
  const note = ({ answeredMs }: { answeredMs: number }) =>
    `answered after ${round(answeredMs, 1)} ms; 16 agents signing`;
  return [
    bounded(
      "W8 the kill switch: last signature after it was pressed",
      round(platform.ms, 1),
      "ms",
      "<= 1000",
      note(platform),
    ),
    bounded("W8 a pause: last signature after it was pressed", round(each.ms, 1), "ms", "<= 1000", note(each)),
  ];
}

/** W9: the owner's signature over one operation, sent with another. */
export async function hashBound(): Promise<BenchRow[]> {
  const person = await createPerson();
  await depositFor(userAccount(person.actor.userId), 1_000_000n);
  await followUntilQuiet();
  const calls = (byte: string) => ({ calls: [{ target: `0x${byte.repeat(20)}`, data: "0x12345678" }] });
  const [shown, sent] = [
    await prepareOperation(person.actor, calls("aa")),
    await prepareOperation(person.actor, calls("bb")),
  ];
  const swapped = await outcomeOf(
    submitOperation(person.actor, { id: sent.id, signature: person.approve(shown.hash) }),
  );
  const isTaken = typeof swapped !== "string";
  // The row itself rewritten behind the approval: what is sent is not what its hash was made of.
  await pool.query(
    "UPDATE user_operation SET operation = (SELECT operation FROM user_operation WHERE id = $2) WHERE id = $1",
    [shown.id, sent.id],
  );
  const rewritten = await outcomeOf(
    submitOperation(person.actor, { id: shown.id, signature: person.approve(shown.hash) }),
  );
  const isRewrittenTaken = typeof rewritten !== "string" && rewritten.status !== "failed";
  return [
    bounded(
      "W9 signatures taken for another operation than was shown",
      Number(isTaken) + Number(isRewrittenTaken),
      "operations",
      "<= 0",
    ),
  ];
}
