import { describe, expect, test } from "vitest";
import { createGroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import type { OperationResult } from "./operations.ts";
import type { Submission } from "./post-each.ts";

const submission = (...keys: string[]): Submission => ({
  operations: keys.map((key) => [{ op: "release", key }]),
  isAtomic: true,
});

const answer = (submissions: Submission[]): OperationResult[][] =>
  submissions.map(({ operations }) => operations.map(([{ key }]) => ({ status: "ok", id: key, replayed: false })));

const keysOf = (submissions: Submission[]): string[] =>
  submissions.flatMap(({ operations }) => operations.map(([{ key }]) => key));

const groupCommit = (options: Partial<GroupCommitOptions> & Pick<GroupCommitOptions, "post">) =>
  createGroupCommit({ batchesInFlightMax: 1, operationsMax: 3, isContentError: () => false, ...options });

describe("group commit", () => {
  test("joins callers of one turn, keeps their order and gives each its own answer", async () => {
    const batches: string[][] = [];
    const submit = groupCommit({
      post: async (submissions) => {
        batches.push(keysOf(submissions));
        return answer(submissions);
      },
    });
    const results = await Promise.all(["a", "b", "c", "d"].map((key) => submit(submission(key))));
    expect(batches).toEqual([["a", "b", "c"], ["d"]]);
    expect(results.map(([first]) => first)).toEqual(
      ["a", "b", "c", "d"].map((id) => ({ status: "ok", id, replayed: false })),
    );
  });

  test("never splits one caller's operations, however many they are", async () => {
    const batches: string[][] = [];
    const submit = groupCommit({
      post: async (submissions) => {
        batches.push(keysOf(submissions));
        return answer(submissions);
      },
    });
    await Promise.all([submit(submission("a")), submit(submission("b", "c", "d", "e")), submit(submission("f"))]);
    expect(batches).toEqual([["a"], ["b", "c", "d", "e"], ["f"]]);
  });

  test("fills the next batch while the allowed number is in flight", async () => {
    const open: (() => void)[] = [];
    const batches: string[][] = [];
    const submit = groupCommit({
      post: (submissions) => {
        batches.push(keysOf(submissions));
        return new Promise((resolve) => open.push(() => resolve(answer(submissions))));
      },
    });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const first = submit(submission("a"));
    await turn();
    const others = ["b", "c"].map((key) => submit(submission(key)));
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
      post: async (submissions) => {
        calls += 1;
        if (calls === 1) throw new Error("gone");
        return answer(submissions);
      },
    });
    const settled = await Promise.allSettled(["a", "b", "c", "d"].map((key) => submit(submission(key))));
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "fulfilled"]);
  });

  test("a row that the database cannot take fails its own caller alone", async () => {
    const submit = groupCommit({
      isContentError: () => true,
      post: async (submissions) => {
        if (keysOf(submissions).includes("bad")) throw new Error("content");
        return answer(submissions);
      },
    });
    const settled = await Promise.allSettled(["a", "bad", "c"].map((key) => submit(submission(key))));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
