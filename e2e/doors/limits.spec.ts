import { expect, test } from "@playwright/test";
import { expectRefused, type Hostile, type Reply, send, strangerAddress, withEach } from "./hostile-client.ts";

test.skip(process.platform !== "linux", "needs addresses of its own, which only Linux has on its loopback");

const limitOf = (reply: Reply): number => Number(/q=(\d+)/.exec(String(reply.headers["ratelimit-policy"]))?.[1]);
const leftOf = (reply: Reply): number => Number(/r=(\d+)/.exec(String(reply.headers.ratelimit))?.[1]);

/** Sends until the limit is reached and somewhat beyond; answers how many were let through. */
async function countAllowed(
  request: (i: number) => Hostile,
  total: number,
): Promise<{ allowed: number; refused: Reply[] }> {
  let allowed = 0;
  const refused: Reply[] = [];
  await withEach(
    Array.from({ length: total }, (_, i) => i),
    async (i) => {
      const reply = await send(request(i));
      if (reply.status === 429) refused.push(reply);
      else allowed++;
    },
  );
  return { allowed, refused };
}

test("the limit for strangers holds, whatever address a header claims", async () => {
  const from = strangerAddress();
  const first = await send({ path: "/api/v1/nodes", from });
  const limit = limitOf(first);
  expect(limit).toBeGreaterThan(0);
  const { allowed, refused } = await countAllowed(
    (i) => ({
      path: "/api/v1/openapi.json",
      method: "HEAD",
      from,
      headers: {
        "x-forwarded-for": `203.0.113.${i % 256}`,
        "x-real-ip": `203.0.113.${i % 256}`,
        forwarded: `for=203.0.113.${i % 256}`,
        "x-converge-peer": `203.0.113.${i % 256}`,
        "cf-connecting-ip": `203.0.113.${i % 256}`,
      },
    }),
    limit + 20,
  );
  expect(allowed).toBe(limit - 1);
  expect(refused).toHaveLength(21);
  const over = await send({ path: "/api/v1/nodes", from });
  expect(expectRefused(over, "over the limit").code).toBe("RATE_LIMITED");
  expect(Number(over.headers["retry-after"])).toBeGreaterThan(0);
  // Nobody else pays for it.
  expect((await send({ path: "/api/v1/nodes", from: strangerAddress() })).status).toBe(200);
});

test("it holds at the doors that are answered before the framework, too", async () => {
  const from = strangerAddress();
  const limit = limitOf(await send({ path: "/api/v1/nodes", from }));
  const { allowed, refused } = await countAllowed(
    (i) => ({
      path: "/api/v1/chat/completions",
      method: "POST",
      from,
      headers: {
        "content-type": "application/json",
        "x-converge-peer": `203.0.113.${i % 256}`,
        "x-converge-local": "1",
      },
      body: "{}",
    }),
    limit + 5,
  );
  expect(allowed).toBe(limit - 1);
  expect(refused).toHaveLength(6);
});

test("behind a proxy that is trusted, strangers are counted by their own address", async () => {
  const proxy = process.env.TRUSTED_PROXIES ?? "";
  test.skip(proxy === "", "needs an instance that trusts a proxy (scripts/lib/test.ts starts one)");
  const left = async (forwardedFor: string, from = proxy) =>
    leftOf(await send({ path: "/api/v1/nodes", from, headers: { "x-forwarded-for": forwardedFor } }));
  const stranger = `198.51.100.${process.pid % 250}`;
  const first = await left(stranger);
  // The same one, whatever they put before it and however it is written.
  expect(await left(`203.0.113.1, ${stranger}`)).toBe(first - 1);
  expect(await left(`127.0.0.1, ${proxy}, ::ffff:${stranger}, ${proxy}`)).toBe(first - 2);
  // Another one is another, and who is no proxy of ours cannot speak for anybody.
  expect(await left("2001:db8:1:2::1")).toBe((await left("2001:db8:1:2::ffff")) + 1);
  expect(await left(stranger, strangerAddress())).toBeGreaterThan(first - 3);
  expect(await left(stranger)).toBe(first - 3);
});

test("metrics are there for this machine alone", async () => {
  const headers = { "x-forwarded-for": "127.0.0.1", "x-converge-local": "1", "x-real-ip": "127.0.0.1" };
  expect(expectRefused(await send({ path: "/api/metrics", from: strangerAddress(), headers }), "metrics").code).toBe(
    "NOT_FOUND",
  );
  const open = await send({ path: "/api/metrics" });
  expect(open.status).toBe(200);
  expect(open.text).toContain("converge_http_request_duration_seconds");
});

test("guessing keys, joining as a node and signing in all count as a stranger's requests", async () => {
  const left = async (from: string) => leftOf(await send({ path: "/api/v1/nodes", from }));
  for (const request of [
    { path: "/api/v1/me", headers: { authorization: "Bearer cvg_test_guess" } },
    {
      method: "POST",
      path: "/api/worker/poll",
      body: "{}",
      headers: { "x-converge-node": "node_00000000000000000000000000" },
    },
  ]) {
    const from = strangerAddress();
    const before = await left(from);
    for (let i = 0; i < 5; i++) expectRefused(await send({ ...request, from }), request.path);
    expect(before - (await left(from)), request.path).toBe(6);
  }
  const from = strangerAddress();
  const limit = limitOf(await send({ path: "/api/auth/siwe/nonce", from }));
  const { allowed, refused } = await countAllowed(
    () => ({
      method: "POST",
      path: "/api/auth/callback/siwe",
      from,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "message=x&signature=0x&csrfToken=x",
    }),
    limit + 5,
  );
  expect(allowed).toBe(limit - 1);
  for (const reply of refused) expect(expectRefused(reply, "sign-in").code).toBe("RATE_LIMITED");
});

test("a batch of calls counts as many", async () => {
  const from = strangerAddress();
  const before = leftOf(await send({ path: "/api/trpc/identity.viewer", from }));
  const after = leftOf(await send({ path: `/api/trpc/${Array(10).fill("identity.viewer").join(",")}?batch=1`, from }));
  expect(before - after).toBe(10);
  // However the commas between them are written.
  const path = `/api/trpc/${Array(10).fill("identity.viewer").join("%2C")}?batch=1`;
  expect(after - leftOf(await send({ path, from }))).toBe(10);
});
