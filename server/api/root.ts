import { accountRouter } from "./routers/account.ts";
import { addressRouter } from "./routers/address.ts";
import { adjustmentRouter } from "./routers/adjustment.ts";
import { adminRouter } from "./routers/admin.ts";
import { agentRouter } from "./routers/agent.ts";
import { agentAdminRouter } from "./routers/agent-admin.ts";
import { balanceRouter } from "./routers/balance.ts";
import { capRouter } from "./routers/cap.ts";
import { computeRouter } from "./routers/compute.ts";
import { escrowRouter } from "./routers/escrow.ts";
import { explorerRouter } from "./routers/explorer.ts";
import { identityRouter } from "./routers/identity.ts";
import { jobRouter } from "./routers/job.ts";
import { nodeAdminRouter } from "./routers/node-admin.ts";
import { poolRouter } from "./routers/pool.ts";
import { proofRouter } from "./routers/proof.ts";
import { purchaseRouter } from "./routers/purchase.ts";
import { reconciliationRouter } from "./routers/reconciliation.ts";
import { rewardRouter } from "./routers/reward.ts";
import { solvencyRouter } from "./routers/solvency.ts";
import { statsRouter } from "./routers/stats.ts";
import { strategyRouter } from "./routers/strategy.ts";
import { templateAdminRouter } from "./routers/template-admin.ts";
import { router } from "./trpc.ts";

export const appRouter = router({
  account: accountRouter,
  address: addressRouter,
  adjustment: adjustmentRouter,
  admin: adminRouter,
  agent: agentRouter,
  agentAdmin: agentAdminRouter,
  balance: balanceRouter,
  cap: capRouter,
  compute: computeRouter,
  escrow: escrowRouter,
  job: jobRouter,
  explorer: explorerRouter,
  identity: identityRouter,
  nodeAdmin: nodeAdminRouter,
  pool: poolRouter,
  proof: proofRouter,
  purchase: purchaseRouter,
  reconciliation: reconciliationRouter,
  reward: rewardRouter,
  solvency: solvencyRouter,
  stats: statsRouter,
  strategy: strategyRouter,
  templateAdmin: templateAdminRouter,
});

export type AppRouter = typeof appRouter;
