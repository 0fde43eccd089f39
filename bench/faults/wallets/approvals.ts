import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { keccak256 } from "viem/utils";
import { approvalTypedData } from "#core/approval.ts";
import { ENTRY_POINT_ADDRESS, hashUserOperation } from "#core/user-operation.ts";
import { env } from "#server/env.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";
import { outcomeOf, type PaperAgent, paperAgent, paymentOf, policyOf, signPayment } from "./wallets-world.ts";

const AMOUNT = 90n;

/** W10: two of three must approve. What one can do alone, and what somebody else's or another operation's signature does. */
export async function quorum(): Promise<BenchRow[]> {
  const people = Array.from({ length: 3 }, () => privateKeyToAccount(generatePrivateKey()));
  const stranger = privateKeyToAccount(generatePrivateKey());
  const approvers = people.map(({ address }, n) => ({ owner: address.toLowerCase() as Hex, name: `Person ${n}` }));
  const guards = {
    usd: null,
    hours: [],
    outcome: null,
    approvals: { over: 10n, needed: 2, approvers },
    purchases: null,
    changes: null,
  };
  const agent = await paperAgent({ ...policyOf(100n, 1_000_000n), guards });
  const approvalBy = async (person: typeof stranger, lane: number, amount = AMOUNT, of: PaperAgent = agent) => {
    const operation = paymentOf(of, amount, lane);
    const hashed = { ...operation, signature: "0x" } as const;
    const signature = await person.signTypedData(
      approvalTypedData({
        chainId: env.CHAIN_ID,
        account: of.account,
        userOperationHash: hashUserOperation(hashed, env.CHAIN_ID, ENTRY_POINT_ADDRESS),
        callDataHash: keccak256(operation.callData),
      }),
    );
    return { owner: person.address.toLowerCase() as Hex, signature };
  };
  const [first, second] = people as [typeof stranger, typeof stranger];
  const other = await paperAgent({ ...policyOf(100n, 1_000_000n), guards });
  const tries: Record<string, { owner: Hex; signature: Hex }[]> = {
    nobody: [],
    "one of two": [await approvalBy(first, 2)],
    "one person twice": [await approvalBy(first, 3), await approvalBy(first, 3)],
    "one person in another case": [
      await approvalBy(first, 4),
      { ...(await approvalBy(first, 4)), owner: first.address as Hex },
    ],
    "one and a stranger": [await approvalBy(first, 5), await approvalBy(stranger, 5)],
    "one in another's name": [
      await approvalBy(first, 6),
      { ...(await approvalBy(first, 6)), owner: second.address.toLowerCase() as Hex },
    ],
    "another amount": [await approvalBy(first, 7), await approvalBy(second, 7, AMOUNT - 1n)],
    "another nonce": [await approvalBy(first, 8), await approvalBy(second, 9)],
    "another agent": [await approvalBy(first, 10), await approvalBy(second, 10, AMOUNT, other)],
    "no signature": [await approvalBy(first, 11), { owner: second.address.toLowerCase() as Hex, signature: "0x1234" }],
  };
  let passed = 0;
  for (const [index, approvals] of Object.values(tries).entries()) {
    const outcome = await outcomeOf(signPayment(agent, AMOUNT, index + 1, approvals));
    if (typeof outcome !== "string") passed += 1;
  }
  const both = await outcomeOf(
    signPayment(agent, AMOUNT, 20, [await approvalBy(first, 20), await approvalBy(second, 20)]),
  );
  return [
    bounded("W10 let through without two approvals", passed, "operations", "<= 0", `${Object.keys(tries).length} ways`),
    bounded("W10 let through with two", typeof both === "string" ? 0 : 1, "operations", ">= 1"),
  ];
}
