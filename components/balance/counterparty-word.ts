import { shorten } from "../ui/identifier.tsx";

const PLATFORM: Record<string, string> = {
  "platform:vault": "The vault",
  "platform:escrow": "Escrow",
  "platform:external": "Outside",
  "platform:revenue": "Converge",
  "platform:cashout": "Cash-outs",
  "platform:unclaimed": "Unclaimed money",
  "platform:rounding": "Rounding",
};
const NOUNS: Record<string, string> = {
  user: "A person",
  agent: "An agent",
  campaign: "A campaign",
  escrow: "An escrow",
};

/** Who stands behind a ledger account, as far as the other side may know. */
export function counterpartyWord(code: string): string {
  const platform = PLATFORM[code];
  if (platform) return platform;
  const [noun = "", id = ""] = code.split(":");
  const word = NOUNS[noun];
  if (!word) return code;
  return id ? `${word} (${shorten(id, 6, 4)})` : word;
}
