import { describe, expect, it } from "vitest";
import { type Candidate, misfit, rankOffers, readModelName, type Wish } from "./rank-offers.ts";

const now = Date.UTC(2026, 10, 22);
const node = (nodeId: string, change: Partial<Candidate> = {}): Candidate => ({
  offerId: `off_${nodeId}`,
  nodeId,
  payee: "user:owner",
  ownerId: "usr_a",
  publicKey: "",
  inputPrice: 100n,
  outputPrice: 400n,
  contextTokens: 512,
  canContinue: true,
  precision: null,
  features: ["chat"],
  region: null,
  capacity: 2,
  inFlight: 0,
  tokensPerSecond: 100,
  firstTokenMs: 100,
  failures: 0,
  lastFailureAt: null,
  openUntil: null,
  directUrl: null,
  directKey: null,
  trust: "new",
  isReference: false,
  isAttested: false,
  ...change,
});
const wish: Wish = { preference: "balanced", promptTokens: 1_000, tokensMax: 400, stickyNodeId: null };
const order = (nodes: Candidate[], preference: "balanced" | "floor" | "nitro" = "balanced") =>
  rankOffers(nodes, { ...wish, preference }, now).map((one) => one.nodeId);

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

  it("sends nothing where a breaker is open while another node is healthy", () => {
    const open = node("open", { inputPrice: 1n, failures: 3, openUntil: new Date(now + 1_000) });
    expect(order([open, node("full", { inFlight: 2 })])).toEqual(["full", "open"]);
    expect(order([{ ...open, openUntil: new Date(now - 1) }, node("healthy")])[0]).toBe("open");
  });

  it("weighs the prices by the request, and speed against price", () => {
    const forPrompts = node("cheap-in", { inputPrice: 10n, outputPrice: 900n });
    const forAnswers = node("cheap-out", { inputPrice: 90n, outputPrice: 100n });
    const asked = (promptTokens: number) =>
      rankOffers([forPrompts, forAnswers], { ...wish, promptTokens }, now).map((one) => one.nodeId)[0];
    expect([asked(100_000), asked(10)]).toEqual(["cheap-in", "cheap-out"]);
    const slow = node("slow", { tokensPerSecond: 5, inputPrice: 90n, outputPrice: 380n });
    expect(order([slow, node("quick")])[0]).toBe("quick");
    expect(order([{ ...slow, inputPrice: 20n, outputPrice: 80n }, node("quick")])[0]).toBe("slow");
  });

  it("goes on with the node whose cache has the conversation, unless it costs much more", () => {
    const sticky = (nodes: Candidate[]) => rankOffers(nodes, { ...wish, stickyNodeId: "warm" }, now)[0]?.nodeId;
    expect(sticky([node("warm", { inputPrice: 115n, outputPrice: 460n }), node("cold")])).toBe("warm");
    expect(sticky([node("warm", { inputPrice: 200n, outputPrice: 800n }), node("cold")])).toBe("cold");
    expect(sticky([node("warm", { lastFailureAt: new Date(now) }), node("cold")])).toBe("cold");
  });

  it("never loosens what the caller demands", () => {
    const one = node("node_1", { precision: "q4_k_m", region: "eu", features: ["chat", "tools"] });
    expect(misfit(one, ["chat", "tools"], { node: "node_1", precision: "Q4_K_M", region: "eu" })).toBeNull();
    expect(misfit(one, ["json"], {})).toBe("feature:json");
    expect(misfit(one, ["chat"], { precision: "f16" })).toBe("precision");
    expect(misfit(one, ["chat"], { region: "us" })).toBe("region");
    expect(misfit(one, ["chat"], { node: "node_2" })).toBe("node");
    expect(misfit(one, ["chat"], { attested_only: true })).toBe("attested_only");
    expect(misfit(one, ["chat"], { max_price: { output: "399" } })).toBe("max_price");
    expect(misfit(one, ["chat"], { max_price: { input: "100", output: "400" } })).toBeNull();
  });

  it("lets the caller ask for the cheapest or the fastest", () => {
    const nodes = [node("fast", { tokensPerSecond: 900, outputPrice: 9000n }), node("cheap", { inFlight: 1 })];
    expect(order(nodes, "nitro")[0]).toBe("fast");
    expect(order(nodes, "floor")[0]).toBe("cheap");
    expect(readModelName("converge/tiny-1:nitro")).toEqual({ model: "converge/tiny-1", preference: "nitro" });
    expect(readModelName("llama3:8b")).toEqual({ model: "llama3:8b", preference: "balanced" });
  });
});
