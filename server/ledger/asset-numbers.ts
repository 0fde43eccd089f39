import { ASSET_DECIMALS } from "#core/money.ts";
import { arrayLiteral } from "./array-literal.ts";

const ASSETS = Object.keys(ASSET_DECIMALS);
const NUMBERS = new Map(ASSETS.map((asset, index) => [asset, index + 1]));

/** The codes of all assets, for SQL functions that are given assets as positions in it. */
export const ASSETS_LITERAL = arrayLiteral(ASSETS);

export const assetNumber = (asset: string): number | undefined => NUMBERS.get(asset);
