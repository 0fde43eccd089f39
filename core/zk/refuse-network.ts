import { DomainError } from "#core/errors.ts";

/** Ends with ZK_NETWORK_REFUSED: `why` is a sentence about the layer or tensor that is named. */
export function refuseNetwork(at: { layer: string } | { tensor: string }, why: string): never {
  const place = "layer" in at ? `The layer ${at.layer}` : `The tensor ${at.tensor}`;
  throw new DomainError("ZK_NETWORK_REFUSED", {
    ...at,
    message: `${place} cannot be written in whole numbers. ${why}`,
  });
}
