import type { TokenName } from "#core/schemas/action.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { listTokens } from "#server/chain/market.ts";

export type Names = (token: string) => TokenName;

/** What tokens are called here. */
export async function readNames(): Promise<Names> {
  const usd = { token: loadDeployment().contracts.TestUSD, symbol: "USD", decimals: 6 };
  const known = [usd, ...(await listTokens())];
  return (token) => {
    const found = known.find((one) => one.token.toLowerCase() === token.toLowerCase());
    return { token, symbol: found?.symbol ?? null, decimals: found?.decimals ?? null };
  };
}
