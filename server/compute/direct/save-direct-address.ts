import type { z } from "zod";
import type { directAddress } from "#core/schemas/node-protocol.ts";
import { readDirectUrl } from "./guarded-agent.ts";
import { openKey, sealKey } from "./seal-key.ts";

type Stored = { directUrl: string | null; directKey: string | null };

/** What is kept of a node's direct address; throws NODE_ADDRESS_REFUSED when the platform would not connect to it. */
export function storedDirectAddress(
  nodeId: string,
  direct: z.output<typeof directAddress> | null | undefined,
  before: Stored | null = null,
): Stored {
  if (!direct) return { directUrl: null, directKey: null };
  const directUrl = readDirectUrl(direct.url).href.replace(/\/+$/, "");
  if (direct.key === null) return { directUrl, directKey: null };
  // Sealing makes another text each time: an unchanged key keeps the one it has, so that heartbeats write nothing new.
  const isSame = before?.directKey && openKey(nodeId, before.directKey) === direct.key;
  return { directUrl, directKey: isSame ? before.directKey : sealKey(nodeId, direct.key) };
}
