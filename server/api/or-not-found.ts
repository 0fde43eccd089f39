import { notFound } from "next/navigation";
import { toDomainError } from "./map-error.ts";

/** What a page reads, or the page that says there is nothing: for ids that are wrong as for ids that are not ours. */
export async function orNotFound<Value>(reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    const { status } = toDomainError(error);
    if (status === 404 || status === 400) notFound();
    throw error;
  }
}
