/** Prefixes of every public id. One noun, one prefix, everywhere. */
const ID_PREFIXES = {
  user: "usr",
  session: "ses",
  passkey: "pk",
  apiKey: "key",
  request: "req",
  reservation: "rsv",
  cap: "cap",
  transfer: "txf",
  batch: "bat",
  node: "node",
  joinToken: "join",
  offer: "off",
  inference: "inf",
  attempt: "att",
  receipt: "rcp",
  job: "job",
  lease: "lse",
  flag: "flg",
  challenge: "chl",
  dispute: "dsp",
  pool: "pol",
  stakeClaim: "stk",
  x402Payment: "x42",
  purchase: "buy",
  agentPolicy: "apv",
  policyTemplate: "tpl",
  breakerEvent: "bre",
  strategy: "stg",
  decision: "dec",
  agent: "agt",
  account: "acc",
  namedAddress: "adr",
  userOperation: "uop",
  chainTransaction: "ctx",
  withdrawal: "wdr",
  payment: "pay",
  model: "mdl",
  proof: "prf",
  campaign: "cmp",
  device: "dev",
  epoch: "epo",
  claim: "clm",
  event: "evt",
  eventBatch: "ebt",
  cashOut: "out",
  adjustment: "adj",
  adminAction: "act",
  reconciliation: "rec",
} as const;

export type IdNoun = keyof typeof ID_PREFIXES;
export type Id<N extends IdNoun> = `${(typeof ID_PREFIXES)[N]}_${string}`;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** A new id: 26 characters of Crockford base 32, the first ten from the clock, so ids made later sort later. */
export function newId<N extends IdNoun>(noun: N, nowMs: number = Date.now()): Id<N> {
  let time = "";
  let rest = nowMs;
  for (let i = 0; i < 10; i++) {
    time = ALPHABET.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  const random = crypto.getRandomValues(new Uint8Array(16));
  let tail = "";
  for (const byte of random) tail += ALPHABET.charAt(byte & 31);
  return `${ID_PREFIXES[noun]}_${time}${tail}`;
}

/** A pattern for request validation: the right prefix and nothing that could be markup or a path. */
export const idPattern = (noun: IdNoun): RegExp => new RegExp(`^${ID_PREFIXES[noun]}_[0-9a-zA-Z_-]{1,64}$`);
