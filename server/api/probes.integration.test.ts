import { afterAll, describe, expect, it, vi } from "vitest";
import { pool } from "#server/db.ts";
import { handleMetrics } from "./metrics-door.ts";
import { handleReadiness } from "./readiness-door.ts";

// Before the imports run: the configuration is read once, with the first of them.
const token = vi.hoisted(() => {
  const secret = "the-secret-of-a-scraper";
  process.env.METRICS_TOKEN = secret;
  return secret;
});

afterAll(() => pool.end());

const ask = (headers: Record<string, string> = {}) =>
  handleMetrics(
    new Request("http://localhost/api/metrics", { headers: { "x-converge-peer": "192.0.2.1", ...headers } }),
  );

describe("the metrics door", () => {
  it("opens to this machine and to the token", async () => {
    for (const headers of [{ "x-converge-local": "1" }, { authorization: `Bearer ${token}` }]) {
      const response = await ask({ "x-converge-local": "0", ...headers });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
      expect(await response.text()).toMatch(/^converge_nodes_online \d+$/m);
    }
  });

  it.each([undefined, "", "Bearer", `Bearer ${token}x`, `Bearer ${token.slice(1)}`, token, `Basic ${token}`])(
    "is not there for %j",
    async (authorization) => {
      const response = await ask({
        "x-converge-local": "0",
        ...(authorization === undefined ? {} : { authorization }),
      });
      expect(response.status).toBe(404);
      const { error } = (await response.json()) as { error: { code: string; request_id: string } };
      expect(error.code).toBe("NOT_FOUND");
      expect(error.request_id).toBe(response.headers.get("x-request-id"));
    },
  );

  it("counts whoever guesses as a stranger", async () => {
    const guess = () => ask({ authorization: "Bearer guess", "x-converge-peer": "192.0.2.9" });
    const answers = await Promise.all(Array.from({ length: 310 }, guess));
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(300);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
  });
});

describe("the readiness door", () => {
  it("asks what stands behind it once for a flood of calls", async () => {
    const flood = Array.from({ length: 300 }, () => handleReadiness(new Request("http://localhost/api/health/ready")));
    const answers = await Promise.all(flood);
    const bodies = new Set(await Promise.all(answers.map((answer) => answer.text())));
    expect(bodies.size).toBe(1);
    const { checks } = JSON.parse([...bodies][0] ?? "");
    expect(checks.database.ok).toBe(true);
    // Nothing of ours beats here: the answer names the part that is missing.
    expect(checks.queue).toMatchObject({ ok: false, message: "no worker has reported lately" });
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
  });
});
