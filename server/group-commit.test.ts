import { describe, expect, test } from "vitest";
import { createGroupCommit, type GroupCommitOptions } from "./group-commit.ts";

type Keys = readonly string[];
type Options = GroupCommitOptions<Keys, string>;

const answer = (items: Keys[]): string[] => items.map((keys) => `did ${keys.join(" ")}`);

const groupCommit = (options: Partial<Options> & Pick<Options, "commit">) =>
  createGroupCommit({
    batchesInFlightMax: 1,
    sizeMax: 3,
    sizeOf: ({ length }) => length,
    isContentError: () => false,
    ...options,
  });

describe("group commit", () => {
  test("joins callers of one turn, keeps their order and gives each its own answer", async () => {
    const batches: string[][] = [];
    const submit = groupCommit({
      commit: async (items) => {
        batches.push(items.flat());
        return answer(items);
      },
    });
    const results = await Promise.all(["a", "b", "c", "d"].map((key) => submit([key])));
    expect(batches).toEqual([["a", "b", "c"], ["d"]]);
    expect(results).toEqual(["did a", "did b", "did c", "did d"]);
  });

  test("never splits one caller's item, however large it is", async () => {
    const batches: string[][] = [];
    const submit = groupCommit({
      commit: async (items) => {
        batches.push(items.flat());
        return answer(items);
      },
    });
    await Promise.all([submit(["a"]), submit(["b", "c", "d", "e"]), submit(["f"])]);
    expect(batches).toEqual([["a"], ["b", "c", "d", "e"], ["f"]]);
  });

  test("fills the next batch while the allowed number is in flight", async () => {
    const open: (() => void)[] = [];
    const batches: string[][] = [];
    const submit = groupCommit({
      commit: (items) => {
        batches.push(items.flat());
        return new Promise((resolve) => open.push(() => resolve(answer(items))));
      },
    });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const first = submit(["a"]);
    await turn();
    const others = ["b", "c"].map((key) => submit([key]));
    await turn();
    expect(batches).toEqual([["a"]]);
    open.shift()?.();
    await first;
    await turn();
    await turn();
    expect(batches).toEqual([["a"], ["b", "c"]]);
    open.shift()?.();
    await Promise.all(others);
  });

  test("an unreachable database rejects that batch and nothing else", async () => {
    let calls = 0;
    const submit = groupCommit({
      commit: async (items) => {
        calls += 1;
        if (calls === 1) throw new Error("gone");
        return answer(items);
      },
    });
    const settled = await Promise.allSettled(["a", "b", "c", "d"].map((key) => submit([key])));
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "fulfilled"]);
  });

  test("a row that the database cannot take fails its own caller alone", async () => {
    const submit = groupCommit({
      isContentError: () => true,
      commit: async (items) => {
        if (items.flat().includes("bad")) throw new Error("content");
        return answer(items);
      },
    });
    const settled = await Promise.allSettled(["a", "bad", "c"].map((key) => submit([key])));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
