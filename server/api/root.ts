import { adminRouter } from "./routers/admin.ts";
import { identityRouter } from "./routers/identity.ts";
import { rewardRouter } from "./routers/reward.ts";
import { statsRouter } from "./routers/stats.ts";
import { router } from "./trpc.ts";

export const appRouter = router({
  admin: adminRouter,
  identity: identityRouter,
  reward: rewardRouter,
  stats: statsRouter,
});

export type AppRouter = typeof appRouter;
