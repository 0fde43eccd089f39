import * as crypto from "node:crypto";
import { promisify } from "node:util";
import type { MemoryChallenge } from "../core/schemas/trust.ts";

const MEBIBYTE_IN_KIB = 1_024;

/**
 * Shows that this machine has the memory it rents out: Argon2d over the platform's nonce, in as much memory as it names.
 * The memory is taken for the moment this takes, and given back.
 */
export async function proveMemory(
  { nonce, memoryMb }: Pick<MemoryChallenge, "nonce" | "memoryMb">,
  rentedMb: number,
): Promise<{ digest: string | null; reason: string | null }> {
  // An older Node lacks it: the node serves on, and stays unproven.
  if (typeof crypto.argon2 !== "function") return { digest: null, reason: "This Node has no Argon2; 24.7 has." };
  if (memoryMb > rentedMb) return { digest: null, reason: `More than the ${rentedMb} MB that are rented out.` };
  const bytes = Buffer.from(nonce, "hex");
  try {
    const tag = await promisify(crypto.argon2)("argon2d", {
      message: bytes,
      nonce: bytes.subarray(0, 16),
      parallelism: 1,
      tagLength: 32,
      memory: memoryMb * MEBIBYTE_IN_KIB,
      passes: 1,
    });
    return { digest: tag.toString("hex"), reason: null };
  } catch (error) {
    return { digest: null, reason: (error instanceof Error ? error.message : String(error)).slice(0, 300) };
  }
}
