import { describe, expect, it } from "vitest";
import { type Candidate, rankOffers, readModelName } from "./rank-offers.ts";

const now = Date.UTC(2026, 10, 22);
const node = (nodeId: string, change: Partial<Candidate> = {}): Candidate => ({
  nodeId,
  ownerId: "usr_a",
  publicKey: "",
  inputPrice: 100n,
  outputPrice: 400n,
  contextTokens: 512,
  canContinue: true,
  capacity: 2,
  inFlight: 0,
  tokensPerSecond: 100,
  lastFailureAt: null,
  ...change,
});
const order = (nodes: Candidate[], preference: "balanced" | "floor" | "nitro" = "balanced") =>
  rankOffers(nodes, preference, now).map((one) => one.nodeId);

describe("choosing a node", () => {
  it("takes the cheaper of two idle nodes, and spreads equal prices by load", () => {
    expect(order([node("dear", { outputPrice: 900n }), node("cheap")])).toEqual(["cheap", "dear"]);
    expect(order([node("busy", { inFlight: 1 }), node("idle")])).toEqual(["idle", "busy"]);
  });

  it("puts a node that just failed, and a full one, behind the others", () => {
    const failed = node("failed", { inputPrice: 1n, lastFailureAt: new Date(now - 1000) });
    const full = node("full", { inputPrice: 1n, inFlight: 2 });
    expect(order([failed, full, node("healthy")])).toEqual(["healthy", "full", "failed"]);
    expect(order([{ ...failed, lastFailureAt: new Date(now - 60_000) }, node("healthy")])[0]).toBe("failed");
  });

  it("lets the caller ask for the cheapest or the fastest", () => {
    const nodes = [node("fast", { tokensPerSecond: 900, outputPrice: 9000n }), node("cheap", { inFlight: 1 })];
    expect(order(nodes, "nitro")[0]).toBe("fast");
    expect(order(nodes, "floor")[0]).toBe("cheap");
    expect(readModelName("converge/tiny-1:nitro")).toEqual({ model: "converge/tiny-1", preference: "nitro" });
    expect(readModelName("llama3:8b")).toEqual({ model: "llama3:8b", preference: "balanced" });
  });
});
