import { expect, test } from "vitest";
import { runProgram } from "./run-program.ts";

const limits = { timeoutMs: 10_000, memoryMb: 512 };

test("a program's output is kept, its arguments are passed as they are", async () => {
  const { stdout } = await runProgram("/bin/echo", ["$HOME; `id`", "two words"], limits);
  expect(stdout).toBe("$HOME; `id` two words\n");
});

test("a program sees none of our environment", async () => {
  process.env.AUTH_SECRET_PROBE = "secret";
  expect((await runProgram("/usr/bin/env", [], limits)).stdout).not.toContain("secret");
});

test("a program that runs too long, dies, fails or does not exist says which", async () => {
  const failure = (script: string, timeoutMs = 10_000) =>
    runProgram("/bin/sh", ["-c", script], { ...limits, timeoutMs });
  await expect(failure("exec sleep 60", 50)).rejects.toMatchObject({ reason: "timeout" });
  await expect(failure("kill -9 $$")).rejects.toMatchObject({ reason: "killed" });
  await expect(failure("echo why >&2; exit 3")).rejects.toMatchObject({
    reason: "failed",
    message: expect.stringMatching(/3: why/),
  });
  await expect(runProgram("/no/such/program", [], limits)).rejects.toMatchObject({ reason: "failed" });
});

test.runIf(process.platform === "linux")("a program that takes more memory than it may does not get it", async () => {
  const script = "const held = []; for (;;) held.push(Buffer.alloc(1 << 26, 1));";
  await expect(runProgram(process.execPath, ["-e", script], { ...limits, memoryMb: 2_048 })).rejects.toThrow();
});
