import { encodeFunctionData } from "viem/utils";
import { rewardsDistributorAbi } from "../generated/abis.ts";
import { newId } from "../ids.ts";
import { accountOutput, operationOutput, preparedOperationOutput } from "../schemas/account.ts";
import { activityOutput } from "../schemas/agent.ts";
import { proofSummaryOutput } from "../schemas/proof.ts";
import { cashOutOutput, claimsOutput } from "../schemas/reward.ts";
import { seededRandom } from "../simulated-reader.ts";
import { actionDone, operationDone, readAgent } from "./agent-steps.ts";
import { CASH_OUT, dollars, GATED } from "./amounts.ts";
import { call, callRefused, JourneyError, until } from "./client.ts";
import { readingWindow } from "./reading-window.ts";
import { type JourneyStep, once, recall } from "./walk.ts";

const prove: JourneyStep = {
  name: "prove",
  title: "A private model proves its answer",
  behind:
    "A zero-knowledge proof that the committed model gave this output, showing neither weights nor reading; the contract checks it and records the output.",
  async run(ports, state) {
    const agent = await readAgent(ports, state);
    const events = readingWindow(seededRandom(20_261_122));
    const ordered = await call(
      ports,
      {
        method: "POST",
        path: "/api/v1/proofs",
        headers: { "idempotency-key": newId("request") },
        body: { modelId: recall(state, "provingModelId"), requester: agent.account, events },
      },
      proofSummaryOutput,
    );
    const recorded = await until(
      "The proof",
      async () => {
        const found = await call(ports, { method: "GET", path: `/api/v1/proofs/${ordered.id}` }, proofSummaryOutput);
        if (found.status === "failed") throw new JourneyError("PROOF_FAILED", found.failureCode ?? "The proof failed.");
        return found.status === "recorded" ? found : null;
      },
      120_000,
    );
    state.set("inferenceId", recorded.inferenceId);
    state.delete("gatedId");
    return {
      proof: recorded.id,
      inference: recorded.inferenceId,
      output: recorded.output ?? -1,
      proveMs: recorded.proveMs ?? 0,
      transaction: recorded.transactionHash ?? "",
    };
  },
};

const gated: JourneyStep = {
  name: "gated",
  title: "The proof opens a locked payment",
  behind:
    "The policy allows this payment only with a fresh, unused output of that model; the account's contract consumes it in the same transaction.",
  async run(ports, state) {
    const path = `/api/v1/agents/${recall(state, "agentId")}/payments`;
    const body = { recipient: recall(state, "shop"), units: GATED.toString() };
    const shut = await callRefused(ports, {
      method: "POST",
      path,
      headers: { "idempotency-key": newId("request") },
      body,
    });
    const id = await once(state, "gatedId", () =>
      call(
        ports,
        {
          method: "POST",
          path,
          headers: { "idempotency-key": newId("request") },
          body: { ...body, inferenceId: recall(state, "inferenceId") },
        },
        activityOutput,
      ),
    );
    const done = await actionDone(ports, state, id).catch((error: unknown) => {
      if (error instanceof JourneyError && error.code === "ACTION_FAILED") state.delete("gatedId");
      throw error;
    });
    const again = await callRefused(ports, {
      method: "POST",
      path,
      headers: { "idempotency-key": newId("request") },
      body: { ...body, inferenceId: recall(state, "inferenceId") },
    });
    return {
      without: shut.code,
      amount: dollars(GATED),
      transaction: done.transactionHash ?? "",
      gas: done.gasUsed ?? "",
      usedTwice: again.code,
    };
  },
};

const settle: JourneyStep = {
  name: "settle",
  title: "Ask for a cash-out, and it settles",
  behind:
    "The ledger owes the amount to the next epoch; the Vault funds the distributor, then the Merkle root of everybody's cumulative claims goes on chain.",
  async run(ports, state) {
    const id = await once(state, "cashOutId", () =>
      call(
        ports,
        {
          method: "POST",
          path: "/api/v1/rewards/cash-outs",
          headers: { "idempotency-key": newId("request") },
          body: { units: CASH_OUT.toString() },
        },
        cashOutOutput,
      ),
    );
    const ready = await until("The epoch", async () => {
      const found = await call(ports, { method: "GET", path: `/api/v1/rewards/cash-outs/${id}` }, cashOutOutput);
      return found.status === "ready" || found.status === "arrived" ? found : null;
    });
    const { data } = await call(ports, { method: "GET", path: "/api/v1/rewards/claims" }, claimsOutput);
    const root = data.find(({ claimable }) => BigInt(claimable.units) > 0n)?.root ?? "";
    return { cashOut: id, amount: dollars(CASH_OUT), epoch: ready.epoch ?? 0, root };
  },
};

const claim: JourneyStep = {
  name: "claim",
  title: "The money arrives, free of fees",
  behind:
    "The passkey signs one operation, the gas sponsor pays for it, the distributor checks the Merkle proof and pays only that account.",
  async run(ports, state) {
    const cashOut = { method: "GET" as const, path: `/api/v1/rewards/cash-outs/${recall(state, "cashOutId")}` };
    const earlier = await call(ports, cashOut, cashOutOutput);
    if (earlier.status === "arrived") {
      const { amount, address, hash } = earlier;
      return { amount: dollars(amount.units), account: address, transaction: hash ?? "", gasPaidBy: "the sponsor" };
    }
    const before = await call(ports, { method: "GET", path: "/api/v1/account" }, accountOutput);
    const { data } = await call(ports, { method: "GET", path: "/api/v1/rewards/claims" }, claimsOutput);
    const due = data.find(({ claimable }) => BigInt(claimable.units) > 0n);
    if (!due) throw new JourneyError("NOTHING_DUE", "There is no claim to collect.");
    const calldata = encodeFunctionData({
      abi: rewardsDistributorAbi,
      functionName: "claim",
      args: [due.address as `0x${string}`, BigInt(due.cumulative.units), due.proof as `0x${string}`[]],
    });
    const operation = await call(
      ports,
      {
        method: "POST",
        path: "/api/v1/account/user-operations",
        body: { calls: [{ target: due.distributor, data: calldata }] },
      },
      preparedOperationOutput,
    );
    const signature = await ports.approve(operation);
    await call(
      ports,
      { method: "POST", path: `/api/v1/account/user-operations/${operation.id}/submit`, body: { signature } },
      operationOutput,
    );
    const done = await operationDone(ports, operation.id);
    await until("The cash-out", async () => {
      const found = await call(ports, cashOut, cashOutOutput);
      return found.status === "arrived" ? found : null;
    });
    const after = await call(ports, { method: "GET", path: "/api/v1/account" }, accountOutput);
    const arrived = BigInt(after.account?.balance.units ?? 0) - BigInt(before.account?.balance.units ?? 0);
    if (arrived !== BigInt(due.claimable.units))
      throw new JourneyError("CLAIM_WRONG", `${dollars(arrived)} arrived instead of ${dollars(due.claimable.units)}.`);
    return {
      amount: dollars(arrived),
      account: due.address,
      operation: operation.hash,
      transaction: done.transactionHash ?? "",
      gas: done.gasUsed ?? "",
      gasPaidBy: "the sponsor",
    };
  },
};

export const PROVE_AND_SETTLE: JourneyStep[] = [prove, gated, settle, claim];
