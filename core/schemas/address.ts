import { z } from "zod";
import { idPattern } from "../ids.ts";
import { addressText } from "./account.ts";

const isoTime = z.iso.datetime();
const id = z.string().regex(idPattern("namedAddress"));
const name = z.string().trim().min(1).max(60);
const note = z.string().trim().max(300);

export const ADDRESSES_MAX = 500;

/** An address with the name that a person gave it. */
export const namedAddressOutput = z.object({
  id: z.string(),
  address: z.string(),
  name: z.string(),
  note: z.string().nullable(),
  /** Agents whose limits name it. */
  usedBy: z.array(z.object({ id: z.string(), name: z.string() })),
  createdAt: isoTime,
});
export type NamedAddress = z.infer<typeof namedAddressOutput>;
export const namedAddressesOutput = z.object({ data: z.array(namedAddressOutput) });

export const createAddressInput = z.strictObject({ address: addressText, name, note: note.optional() });
/** An empty note takes it away. */
export const changeAddressInput = z.strictObject({ id, name: name.optional(), note: note.optional() });
export const removeAddressInput = z.strictObject({ id });
export const addressRemovedOutput = z.object({ id: z.string(), removed: z.literal(true) });
