import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { db, pool } from "#server/db.ts";
import { closeHub } from "../hub.ts";
import { type LiarSet, runLiarSet } from "../testing/liar-set.ts";

// The nodes of this test listen here.
vi.hoisted(() => {
  process.env.ALLOW_PRIVATE_NODES = "127.0.0.1";
});

let set: LiarSet;
beforeAll(async () => {
  set = await runLiarSet();
}, 120_000);
afterAll(async () => {
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

describe("the liar set", () => {
  it("is caught as a whole, each for what it lies about", () => {
    expect(set.liars).toEqual({
      "another model": { trust: "suspended", reason: "wrong-model" },
      "another model now and then": { trust: "suspended", reason: "wrong-model" },
      "relayed work": { trust: "suspended", reason: "relayed" },
      "one card under two names": { trust: "suspended", reason: "shared-device" },
      "a card that is another's": { trust: "suspended", reason: "gpu-duplicate" },
      "memory it has not": { trust: "suspended", reason: "memory-inflated" },
      "two that vouch for each other": { trust: "new", reason: "nobody vouches" },
      // What proves no lie takes the verification, and nobody's work.
      "a card that was exchanged": { trust: "new", reason: "gpu-changed" },
      "throttled once trusted": { trust: "new", reason: "throttled" },
      "memory on a disk": { trust: "new", reason: "memory-unproven" },
    });
  });

  it("leaves every honest node what it was, or verifies it", () => {
    for (const [name, found] of Object.entries(set.honest)) {
      expect(found, name).toMatchObject({ reason: null });
      expect(["new", "verified"], name).toContain(found.trust);
    }
    expect(set.honest.slower?.trust).toBe("verified");
    expect(set.honest["with the memory it rents out"]?.trust).toBe("verified");
  });
});
