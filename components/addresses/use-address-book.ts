import { useQuery } from "@tanstack/react-query";
import type { NamedAddress } from "#core/schemas/address.ts";
import { useTRPC } from "../api/trpc.ts";

const FRESH_MS = 60_000;
const NONE: readonly NamedAddress[] = [];

/** The person's named addresses; none while they load, and none where they cannot be read: names are a comfort. */
export function useAddressBook(): readonly NamedAddress[] {
  const trpc = useTRPC();
  return useQuery(trpc.address.list.queryOptions(undefined, { staleTime: FRESH_MS, retry: false })).data?.data ?? NONE;
}

export const findNamed = (book: readonly NamedAddress[], address: string): NamedAddress | undefined =>
  book.find((entry) => entry.address.toLowerCase() === address.toLowerCase());
