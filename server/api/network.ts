import { env } from "#server/env.ts";

/** What pages may say about where they run. */
export const network = {
  chainId: env.CHAIN_ID,
  isDevelopment: env.isDevelopmentChain,
  hasDemoSignIn: env.DEMO_SIGN_IN,
  publicUrl: env.PUBLIC_URL,
} as const;
