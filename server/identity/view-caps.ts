import type { CapView } from "#core/schemas/cap.ts";
import type { Cap } from "#server/ledger/caps.ts";
import { coversOfScope, namesOfScopes } from "./cap-covers.ts";

/** Caps as they are shown to somebody. */
export async function viewCaps(caps: readonly Cap[], viewer: { userId: string }): Promise<CapView[]> {
  const names = await namesOfScopes(caps.map(({ scope }) => scope));
  return caps.map((cap) => {
    const { id, scope, kind, windowMs, asset, parent, note } = cap;
    const amount = (units: bigint) => ({ asset: asset ?? ("USD" as const), units: units.toString() });
    return {
      object: "cap",
      id,
      scope,
      covers: coversOfScope(scope),
      name: names.get(scope) ?? null,
      kind,
      windowMs,
      asset,
      limit: amount(cap.amount),
      reserved: amount(cap.reserved),
      spent: amount(cap.spent),
      left: amount(cap.left),
      frees: cap.freesAt?.toISOString() ?? null,
      parent,
      note,
      isOwn: cap.ownerId === viewer.userId,
      createdAt: cap.createdAt.toISOString(),
    };
  });
}
