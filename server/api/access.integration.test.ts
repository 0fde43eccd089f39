import { TRPCError } from "@trpc/server";
import { describe, expect, it } from "vitest";
import { DomainError } from "#core/errors.ts";
import { ALL_SCOPES, type Role, type Scope } from "#core/scopes.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { createUser } from "#server/identity/users.ts";
import { appRouter } from "./root.ts";
import { createCallerFactory } from "./trpc.ts";

type Rule = "public" | Role | `scope ${Scope}`;

/** Who may call what. A procedure without a row fails the first test, so no new one is forgotten. */
const ACCESS: Record<string, Rule> = {
  "account.getAccount": "scope balance:read",
  "account.getDepositReference": "scope balance:read",
  "account.prepareOperation": "user",
  "account.submitOperation": "user",
  "account.getOperation": "scope agents:read",
  "account.requestWithdrawal": "user",
  "account.listWithdrawals": "scope balance:read",
  "account.getWithdrawal": "scope balance:read",
  "account.cancelWithdrawal": "user",
  "account.listWithdrawalAddresses": "user",
  "account.addWithdrawalAddress": "user",
  "account.removeWithdrawalAddress": "user",
  "account.listDeposits": "scope balance:read",
  "address.list": "scope agents:read",
  "address.create": "user",
  "address.change": "user",
  "address.remove": "user",
  "adjustment.approve": "admin",
  "adjustment.get": "admin",
  "adjustment.list": "admin",
  "adjustment.propose": "admin",
  "adjustment.reject": "admin",
  "admin.agentHalt": "admin",
  "admin.setAgentHalt": "admin",
  "admin.listActions": "admin",
  "admin.overview": "admin",
  "admin.listUsers": "admin",
  "admin.listApprovals": "admin",
  "admin.approveWithdrawal": "admin",
  "admin.rejectWithdrawal": "admin",
  "admin.listUnassignedTransfers": "admin",
  "admin.listCaps": "admin",
  "admin.createCap": "admin",
  "admin.changeCap": "admin",
  "admin.removeCap": "admin",
  "agentAdmin.list": "admin",
  "agentAdmin.stop": "admin",
  "agentAdmin.release": "admin",
  "agentAdmin.signer": "admin",
  "templateAdmin.list": "admin",
  "templateAdmin.get": "admin",
  "templateAdmin.create": "admin",
  "templateAdmin.change": "admin",
  "templateAdmin.publish": "admin",
  "templateAdmin.retire": "admin",
  "agent.listAgents": "scope agents:read",
  "agent.getAgent": "scope agents:read",
  "agent.createAgent": "user",
  "agent.prepareImport": "user",
  "agent.prepareGrant": "user",
  "agent.confirmAgent": "user",
  "agent.fundAgent": "user",
  "agent.pay": "scope agents:write",
  "agent.listPayments": "scope agents:read",
  "agent.getPayment": "scope agents:read",
  "agent.getAction": "scope agents:read",
  "agent.deposit": "scope agents:write",
  "agent.callContracts": "scope agents:write",
  "agent.listApprovals": "user",
  "agent.approve": "user",
  "agent.reject": "user",
  "agent.agreeToPolicy": "user",
  "agent.explain": "scope agents:read",
  "agent.listBreakers": "scope agents:read",
  "agent.setBreaker": "user",
  "agent.tripBreaker": "user",
  "agent.prepareExport": "user",
  "agent.exportKey": "user",
  "agent.stopAll": "user",
  "agent.armBreaker": "user",
  "agent.listPolicies": "scope agents:read",
  "agent.listPolicyTemplates": "scope agents:read",
  "agent.previewPolicy": "scope agents:read",
  "agent.proposePolicy": "scope agents:write",
  "agent.preparePolicy": "user",
  "agent.withdrawPolicy": "scope agents:write",
  "agent.simulate": "user",
  "agent.pause": "user",
  "agent.resume": "user",
  "balance.getAdjustment": "scope balance:read",
  "balance.get": "scope balance:read",
  "balance.getProof": "scope balance:read",
  "balance.listStatement": "scope balance:read",
  "cap.list": "scope balance:read",
  "cap.create": "user",
  "cap.change": "user",
  "cap.remove": "user",
  "job.quote": "public",
  "job.create": "scope jobs:write",
  "job.createTraining": "scope jobs:write",
  "job.list": "scope jobs:write",
  "job.get": "scope jobs:write",
  "job.cancel": "scope jobs:write",
  "job.retry": "scope jobs:write",
  "job.log": "scope jobs:write",
  "job.metrics": "scope jobs:write",
  "pool.list": "public",
  "pool.get": "scope compute:write",
  "pool.create": "scope compute:write",
  "pool.join": "scope compute:write",
  "pool.leave": "scope compute:write",
  "pool.close": "scope compute:write",
  "nodeAdmin.claimStake": "admin",
  "nodeAdmin.dismissClaim": "admin",
  "nodeAdmin.listClaims": "admin",
  "compute.stake": "scope compute:write",
  "purchase.buy": "scope agents:write",
  "purchase.get": "scope agents:read",
  "purchase.list": "scope agents:read",
  "purchase.fillPurse": "user",
  "strategy.list": "scope agents:read",
  "strategy.create": "user",
  "strategy.set": "user",
  "strategy.listDecisions": "scope agents:read",
  "strategy.backtest": "scope agents:read",
  "strategy.market": "scope agents:read",
  "strategy.portfolio": "scope agents:read",
  "escrow.list": "scope inference:write",
  "escrow.listVouchers": "scope inference:write",
  "escrow.settle": "scope compute:write",
  "escrow.planOpening": "scope inference:write",
  "escrow.planTopUp": "scope inference:write",
  "escrow.planClosing": "scope inference:write",
  "nodeAdmin.ban": "admin",
  "nodeAdmin.listChallenges": "admin",
  "nodeAdmin.listDisputes": "admin",
  "nodeAdmin.listNodes": "admin",
  "nodeAdmin.reinstate": "admin",
  "nodeAdmin.resolveDispute": "admin",
  "nodeAdmin.setReference": "admin",
  "compute.listRentals": "public",
  "compute.priceHistory": "public",
  "compute.providerSummary": "scope compute:write",
  "compute.listChallenges": "scope compute:write",
  "compute.listDisputes": "scope compute:write",
  "compute.openDispute": "scope compute:write",
  "compute.createJoinToken": "scope compute:write",
  "compute.getReceipt": "public",
  "compute.listInferences": "scope inference:write",
  "compute.listModels": "public",
  "compute.listMyNodes": "scope compute:write",
  "compute.listNodes": "public",
  "compute.removeNode": "scope compute:write",
  "explorer.getAccount": "admin",
  "explorer.getBatch": "admin",
  "explorer.getReservation": "admin",
  "explorer.getTransfer": "admin",
  "explorer.listAccounts": "admin",
  "explorer.listAccountTransfers": "admin",
  "explorer.listBatchTransfers": "admin",
  "explorer.listOpenReservations": "admin",
  "explorer.search": "admin",
  "identity.me": "user",
  "identity.viewer": "public",
  "identity.listApiKeys": "user",
  "identity.createApiKey": "user",
  "identity.revokeApiKey": "user",
  "identity.listSessions": "user",
  "identity.revokeSession": "user",
  "proof.models": "public",
  "proof.request": "scope proofs:write",
  "proof.list": "scope proofs:write",
  "proof.get": "scope proofs:write",
  "proof.recorded": "public",
  "proof.verify": "public",
  "reconciliation.get": "admin",
  "reconciliation.list": "admin",
  "reconciliation.request": "admin",
  "reward.listCampaigns": "public",
  "reward.registerDevice": "scope rewards:write",
  "reward.getDevice": "scope rewards:write",
  "reward.getEarnings": "scope rewards:write",
  "reward.listBatches": "scope rewards:write",
  "reward.listEpochs": "public",
  "reward.requestCashOut": "scope rewards:write",
  "reward.listCashOuts": "scope rewards:write",
  "reward.getCashOut": "scope rewards:write",
  "reward.listClaims": "scope rewards:write",
  "reward.prepareClaim": "user",
  "solvency.get": "public",
  "stats.get": "public",
};

type ActorName = "nobody" | "user" | "provider" | "admin" | "key without scopes" | "key with all scopes";
const ACTORS: ActorName[] = ["nobody", "user", "provider", "admin", "key without scopes", "key with all scopes"];

function isAllowed(rule: Rule, actor: ActorName): boolean {
  if (rule === "public") return true;
  if (actor === "nobody") return false;
  if (rule.startsWith("scope ")) return actor !== "key without scopes";
  // What no scope names needs a person at a browser.
  if (actor.startsWith("key")) return false;
  return rule === "user" || rule === actor;
}

const userId = await db.$transaction((tx) => createUser(tx, { name: "Access table" }));

const actorOf = (name: ActorName): Actor | null => {
  if (name === "nobody") return null;
  const base = { userId, roles: ["user"] as Role[], scopes: ALL_SCOPES };
  if (name === "key without scopes") return { ...base, via: "api_key", scopes: [], apiKeyId: "key_none" };
  if (name === "key with all scopes") return { ...base, via: "api_key", apiKeyId: "key_all" };
  return { ...base, via: "session", roles: name === "user" ? ["user"] : ["user", name] };
};

const REFUSALS = new Set(["UNAUTHENTICATED", "FORBIDDEN", "SCOPE_MISSING"]);

/** Calls a procedure with an input that fits nothing: whoever gets as far as the input was let in. */
async function isLetIn(path: string, actor: Actor | null): Promise<boolean> {
  const caller = createCallerFactory(appRouter)({ actor, requestId: "req_access", idempotencyKey: null });
  const procedure = path.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], caller);
  try {
    await (procedure as (input: unknown) => Promise<unknown>)({ "no such field": true });
    return true;
  } catch (error) {
    const cause = error instanceof TRPCError ? error.cause : error;
    return !(cause instanceof DomainError && REFUSALS.has(cause.code));
  }
}

describe("the access table", () => {
  it("names every procedure, and nothing else", () => {
    expect(Object.keys(ACCESS).sort()).toEqual(Object.keys(appRouter._def.procedures).sort());
  });

  it.each(Object.entries(ACCESS))("%s lets in exactly whom its row says: %s", async (path, rule) => {
    const seen = await Promise.all(ACTORS.map(async (name) => [name, await isLetIn(path, actorOf(name))]));
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(ACTORS.map((name) => [name, isAllowed(rule, name)])));
  });

  it("gives every procedure an output schema", () => {
    for (const [path, procedure] of Object.entries(appRouter._def.procedures)) {
      expect((procedure as unknown as { _def: { output?: unknown } })._def.output, path).toBeDefined();
    }
  });
});
