import { describe, expect, test } from "vitest";
import { isEverybodys, nodeOf, scopesOf, unusedScopes } from "./scopes.ts";

const NODES = ["node_a", "node_b", "node_c"];

describe("the scopes of a spending", () => {
  test("a completion falls under its key, its person, its category and every node that may answer", () => {
    const scopes = scopesOf({ userId: "usr_1", apiKeyId: "key_1" }, { category: "inference", nodeIds: ["node_a"] });
    expect(scopes).toEqual([
      "key:key_1",
      "person:usr_1",
      "category:inference",
      "provider:node_a",
      "person:usr_1/category:inference",
      "person:usr_1/provider:node_a",
    ]);
  });

  test("an address is one scope however it is written", () => {
    const scopes = scopesOf({ userId: "usr_1" }, { category: "withdrawal", counterparty: "0xABCD" });
    expect(scopes).toContain("counterparty:0xabcd");
    expect(scopes).toContain("person:usr_1/counterparty:0xabcd");
  });

  test("as many nodes as one request may try fit into one reservation", () => {
    const scopes = scopesOf({ userId: "usr_1", apiKeyId: "key_1" }, { category: "inference", nodeIds: NODES });
    expect(scopes.length).toBeLessThanOrEqual(16);
    expect(new Set(scopes).size).toBe(scopes.length);
  });

  test("captured money falls under the nodes that served and under everything that is no node", () => {
    const scopes = scopesOf({ userId: "usr_1", apiKeyId: "key_1" }, { category: "inference", nodeIds: NODES });
    expect(unusedScopes(scopes, ["node_b"])).toEqual(scopes.filter((scope) => /node_[ac]$/.test(scope)));
    expect(unusedScopes(scopes, [])).toEqual(scopes.filter((scope) => nodeOf(scope) !== null));
    expect(unusedScopes(scopes, NODES)).toEqual([]);
  });

  test("only the scopes of everybody hide their figures", () => {
    expect(["category:inference", "provider:node_a", "counterparty:0x1", "campaign:cmp_1"].every(isEverybodys)).toBe(
      true,
    );
    expect(
      ["key:key_1", "person:usr_1", "user:usr_1", "agent:agt_1", "person:usr_1/category:inference"].some(isEverybodys),
    ).toBe(false);
  });
});
