import { keccak256, stringToHex } from "viem/utils";
import { z } from "zod";
import { newId } from "../ids.ts";
import { accountOutput, operationOutput, withdrawalOutput } from "../schemas/account.ts";
import {
  activityOutput,
  agentDetailOutput,
  agentOutput,
  createAgentOutput,
  simulationOutput,
} from "../schemas/agent.ts";
import type { PolicyInput } from "../schemas/agent-policy.ts";
import { listModelsOutput } from "../schemas/proof.ts";
import { DEPOSIT, dollars, FUNDING, OVER_THE_CAP, PER_TRANSACTION_CAP, WINDOW_CAP } from "./amounts.ts";
import { call, callRefused, JourneyError, until } from "./client.ts";
import { createKey, streamCompletion } from "./earn-and-spend.ts";
import type { JourneyPorts, Receipt } from "./ports.ts";
import { type JourneyState, type JourneyStep, once, recall } from "./walk.ts";

const OUTPUT_MIN = 128;

const agentPath = (state: JourneyState, rest = "") => `/api/v1/agents/${recall(state, "agentId")}${rest}`;
const fresh = (): Record<string, string> => ({ "idempotency-key": newId("request") });

/** An address nobody holds a key of: what is paid there stays there, and everybody can see it. */
const shopAddress = (userId: string): string => `0x${keccak256(stringToHex(`shop of ${userId}`)).slice(26)}`;

export const readAgent = (ports: JourneyPorts, state: JourneyState) =>
  call(ports, { method: "GET", path: agentPath(state) }, agentDetailOutput);

const activitiesSchema = z.object({ data: z.array(activityOutput) });

/** Waits until the chain has said how an agent's action ended. */
export function actionDone(ports: JourneyPorts, state: JourneyState, id: string) {
  return until("The agent's transaction", async () => {
    const { data } = await call(ports, { method: "GET", path: agentPath(state, "/payments") }, activitiesSchema);
    const found = data.find((activity) => activity.id === id);
    if (found?.status === "failed" || found?.status === "refused") {
      throw new JourneyError("ACTION_FAILED", found.error ?? found.refusal?.rule ?? "The action failed.");
    }
    return found?.status === "succeeded" ? found : null;
  });
}

const createAgent: JourneyStep = {
  name: "create-agent",
  title: "Create an agent, approve its limits",
  behind:
    "The signer makes the agent's key; the person's passkey signs one gasless operation that deploys the account and grants the key its policy.",
  async run(ports, state) {
    const { account } = await call(ports, { method: "GET", path: "/api/v1/account" }, accountOutput);
    if (!account) throw new JourneyError("NO_ACCOUNT", "The person has no account of their own.");
    state.set("personalAccount", account.address);
    const { data: models } = await call(ports, { method: "GET", path: "/api/v1/proving-models" }, listModelsOutput);
    const model = models.find(({ isCurrent }) => isCurrent);
    if (!model) throw new JourneyError("NO_MODEL", "No model can be proved here.");
    state.set("provingModelId", model.id);
    const shop = shopAddress(recall(state, "userId"));
    state.set("shop", shop);
    const policy: PolicyInput = {
      perTransactionCap: PER_TRANSACTION_CAP.toString(),
      windowCap: WINDOW_CAP.toString(),
      windowSeconds: 3_600,
      validUntil: new Date(Date.now() + 24 * 3_600_000).toISOString(),
      rules: [
        { kind: "deposit" },
        { kind: "pay", recipient: account.address },
        {
          kind: "pay",
          recipient: shop,
          proof: { modelId: model.registryModelId, outputMin: String(OUTPUT_MIN), maxAgeSeconds: 3_600 },
        },
      ],
    };
    const { agent, operation } = await call(
      ports,
      { method: "POST", path: "/api/v1/agents", headers: fresh(), body: { name: "The journey's agent", policy } },
      createAgentOutput,
    );
    state.set("agentId", agent.id);
    state.delete("fundingId");
    const signature = await ports.approve(operation);
    await call(ports, { method: "POST", path: `/api/v1/agents/${agent.id}/confirm`, body: { signature } }, agentOutput);
    const active = await until("The agent", async () => {
      const found = await readAgent(ports, state);
      return found.status === "active" ? found : null;
    });
    return {
      agent: agent.id,
      account: active.account,
      cap: `${dollars(PER_TRANSACTION_CAP)} a payment, ${dollars(WINDOW_CAP)} an hour`,
      operation: operation.hash,
      transaction: active.grantHash ?? "",
    };
  },
};

const fundAgent: JourneyStep = {
  name: "fund-agent",
  title: "Fund the agent from the earnings",
  behind: "The ledger reserves, the Vault pays the agent's account once, the event captures the reservation.",
  async run(ports, state) {
    const request = {
      method: "POST" as const,
      path: agentPath(state, "/fund"),
      headers: fresh(),
      body: { units: FUNDING.toString() },
    };
    const before = state.get("fundingId") ? null : await readAgent(ports, state);
    if (before) state.set("heldBeforeFunding", before.accountBalance.units);
    const id = await once(state, "fundingId", () => call(ports, request, withdrawalOutput));
    const paid = await until("The funding", async () => {
      const found = await call(ports, { method: "GET", path: `/api/v1/withdrawals/${id}` }, withdrawalOutput);
      if (found.status === "failed") {
        state.delete("fundingId");
        throw new JourneyError("FUNDING_FAILED", found.error ?? "The funding failed.");
      }
      return found.status === "paid" ? found : null;
    });
    const agent = await readAgent(ports, state);
    if (BigInt(agent.accountBalance.units) - BigInt(recall(state, "heldBeforeFunding")) !== FUNDING)
      throw new JourneyError("FUNDING_WRONG", `The account holds ${dollars(agent.accountBalance.units)}.`);
    return {
      amount: dollars(FUNDING),
      account: agent.account,
      withdrawal: id,
      transaction: paid.transactionHash ?? "",
    };
  },
};

const agentPays: JourneyStep = {
  name: "agent-pays",
  title: "The agent pays for an answer",
  behind:
    "Its key signs approve and deposit under the policy, the deposit event credits its balance, and its API key spends from that balance only.",
  async run(ports, state) {
    const started = await call(
      ports,
      { method: "POST", path: agentPath(state, "/deposits"), headers: fresh(), body: { units: DEPOSIT.toString() } },
      activityOutput,
    );
    const done = await actionDone(ports, state, started.id);
    const funded = await until("The agent's balance", async () => {
      const found = await readAgent(ports, state);
      return BigInt(found.ledgerBalance.units) >= DEPOSIT ? found : null;
    });
    const apiKey = await createKey(ports, "The agent's key", ["inference:write"], funded.id);
    const answer = await streamCompletion(ports, apiKey, "What is an agent wallet?");
    const after = await readAgent(ports, state);
    if (BigInt(funded.ledgerBalance.units) - BigInt(after.ledgerBalance.units) !== BigInt(answer.charged)) {
      throw new JourneyError("CHARGE_WRONG", "The agent's balance did not move by what the receipt says.");
    }
    return {
      deposited: dollars(DEPOSIT),
      transaction: done.transactionHash ?? "",
      gas: done.gasUsed ?? "",
      answer: answer.text.slice(0, 80),
      charged: dollars(answer.charged),
      receipt: answer.receiptId,
    };
  },
};

const overLimit = (state: JourneyState) => ({
  recipient: recall(state, "personalAccount"),
  units: OVER_THE_CAP.toString(),
});

const signerRefuses: JourneyStep = {
  name: "signer-refuses",
  title: "A payment over the limit is refused",
  behind: "The signer decodes the exact bytes, finds them over the cap of one payment and signs nothing.",
  async run(ports, state): Promise<Receipt> {
    const refusal = await callRefused(ports, {
      method: "POST",
      path: agentPath(state, "/payments"),
      headers: fresh(),
      body: overLimit(state),
    });
    if (refusal.code !== "POLICY_DENIED") throw new JourneyError("REFUSED_OTHERWISE", refusal.message);
    return {
      tried: dollars(OVER_THE_CAP),
      limit: dollars(PER_TRANSACTION_CAP),
      code: refusal.code,
      rule: String(refusal.details.rule ?? ""),
    };
  },
};

const contractRefuses: JourneyStep = {
  name: "contract-refuses",
  title: "Around the guard, refused again",
  behind:
    "The account's own contract is asked to execute the same call as if a stolen key had signed it: it reverts with the cap it would break.",
  async run(ports, state): Promise<Receipt> {
    const result = await call(
      ports,
      { method: "POST", path: agentPath(state, "/simulate"), body: { payment: overLimit(state) } },
      simulationOutput,
    );
    if (result.allowed || result.error !== "AgentAccount_OverTransactionCap") {
      throw new JourneyError("NOT_REFUSED", `The contract answered ${result.error ?? "yes"}.`);
    }
    return { tried: dollars(OVER_THE_CAP), error: result.error, values: result.args.join(", ") };
  },
};

export const AGENT_STEPS: JourneyStep[] = [createAgent, fundAgent, agentPays, signerRefuses, contractRefuses];

/** Signs and submits a prepared operation of the person's own account, and waits for the chain's word. */
export async function operationDone(ports: JourneyPorts, id: string) {
  return until("The operation", async () => {
    const found = await call(ports, { method: "GET", path: `/api/v1/account/user-operations/${id}` }, operationOutput);
    if (found.status === "failed") throw new JourneyError("OPERATION_FAILED", found.error ?? "The operation failed.");
    return found.status === "succeeded" ? found : null;
  });
}
