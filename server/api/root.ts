import { identityRouter } from "./routers/identity.ts";
import { rewardRouter } from "./routers/reward.ts";
import { statsRouter } from "./routers/stats.ts";
import { router } from "./trpc.ts";

export const appRouter = router({
  identity: identityRouter,
  reward: rewardRouter,
  stats: statsRouter,
});

export type AppRouter = typeof appRouter;
