import type { PreparedOperation } from "#core/schemas/account.ts";
import { type Owner, viewOwner } from "./owner.ts";

/** What somebody signs, and with what: a passkey the hash, a wallet the typed data. */
export type ToSign = Pick<PreparedOperation, "hash" | "signer" | "typedData">;

type Typed = {
  domain: ToSign["typedData"]["domain"];
  types: Readonly<Record<string, readonly { name: string; type: string }[]>>;
  primaryType: string;
  message: Readonly<Record<string, string | bigint>>;
};

/** Typed data as it travels: numbers of its message as digits. */
export async function viewToSign(hash: string, typed: Typed, owner: Owner): Promise<ToSign> {
  return {
    hash,
    signer: await viewOwner(owner),
    typedData: {
      domain: typed.domain,
      types: Object.fromEntries(
        Object.entries(typed.types).map(([name, fields]) => [name, fields.map((field) => ({ ...field }))]),
      ),
      primaryType: typed.primaryType,
      message: Object.fromEntries(Object.entries(typed.message).map(([name, value]) => [name, value.toString()])),
    },
  };
}
