import { expect, test } from "@playwright/test";
import { createSiweMessage } from "viem/siwe";
import { BASE_URL, expectRefused, send, strangerAddress, withEach } from "./hostile-client.ts";
import { everythingOf, newPerson, Person } from "./people.ts";

const SESSION = "converge.session";
const sessionsOf = async (person: Person) =>
  (await person.read<{ data: { id: string; isCurrent: boolean }[] }>("/sessions")).data;

test("another site cannot change anything with a visitor's cookie", async () => {
  const person = await newPerson();
  const before = await everythingOf(person);
  const cookie = person.cookie;
  const from = strangerAddress();
  const body = JSON.stringify({ name: "x", scopes: ["balance:read"] });
  const json = { "content-type": "application/json" };
  const origins: Record<string, string>[] = [
    {},
    { origin: "https://elsewhere.example" },
    { origin: "null" },
    { origin: `${BASE_URL.origin}.elsewhere.example` },
    { origin: `${BASE_URL.origin}:1` },
    { origin: BASE_URL.origin, "sec-fetch-site": "cross-site" },
    { origin: BASE_URL.origin, "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site" },
    { referer: BASE_URL.origin },
  ];
  const forms: Record<string, string>[] = [
    json,
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "multipart/form-data; boundary=x" },
    {},
  ];
  const paths = [
    "/api/v1/api-keys",
    "/api/trpc/identity.createApiKey",
    "/api/v1/rewards/cash-outs",
    "/api/auth/passkey/register/options",
  ];
  const all = paths.flatMap((path) =>
    origins.flatMap((origin) => forms.map((form) => ({ path, headers: { cookie, ...origin, ...form } }))),
  );
  await withEach(all, async ({ path, headers }) => {
    const what = `${path} ${JSON.stringify({ ...headers, cookie: "" })}`;
    expect(expectRefused(await send({ method: "POST", path, headers, body, from }), what).code, what).toBe(
      "CROSS_SITE_REQUEST",
    );
  });
  // A simple request from our own page's origin, but of a kind that a form can send.
  for (const form of forms.slice(1))
    expectRefused(
      await send({
        method: "POST",
        path: "/api/v1/api-keys",
        headers: { cookie, origin: BASE_URL.origin, ...form },
        body,
        from,
      }),
      JSON.stringify(form),
    );
  // Changes by GET, and a method smuggled in a header or the address.
  for (const path of [
    "/api/trpc/identity.createApiKey?input=%7B%22name%22%3A%22x%22%7D",
    "/api/v1/nodes/join-tokens",
    "/api/v1/api-keys?_method=POST&name=x",
  ])
    await send({ path, headers: { cookie, "x-http-method-override": "POST" }, from });
  // Signing somebody out, or in as somebody else, takes the secret of their own page.
  for (const path of ["/api/auth/signout", "/api/auth/callback/demo"])
    await send({
      method: "POST",
      path,
      headers: { cookie, "content-type": "application/x-www-form-urlencoded", origin: "https://elsewhere.example" },
      body: "account=admin&csrfToken=x&json=true",
      from,
    });
  expect(await everythingOf(person)).toBe(before);
});

test("signing in makes a new session, and signing out ends it for every copy of its cookie", async () => {
  const person = await newPerson();
  const first = person.jar.get(SESSION);
  const [before] = await sessionsOf(person);
  // Somebody who planted a session of their own finds it unchanged: the sign-in got another.
  await person.signInWithWallet();
  const second = person.jar.get(SESSION);
  expect(second).not.toBe(first);
  const current = (await sessionsOf(person)).find(({ isCurrent }) => isCurrent);
  expect(current?.id).not.toBe(before?.id);

  const from = strangerAddress();
  const stolen = { cookie: `${SESSION}=${second}` };
  const me = () => send({ path: "/api/v1/me", headers: stolen, from });
  expect((await me()).status).toBe(200);
  const { csrfToken } = JSON.parse((await person.send({ path: "/api/auth/csrf" })).text);
  const out = await person.send({
    method: "POST",
    path: "/api/auth/signout",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ csrfToken, json: "true" }).toString(),
  });
  expect(out.status).toBe(200);
  expect(person.jar.has(SESSION)).toBe(false);
  expect(expectRefused(await me(), "a stolen cookie").code).toBe("UNAUTHENTICATED");
  expect((await send({ path: "/api/auth/session", headers: stolen, from })).text).toBe("{}");
  expect((await send({ path: "/overview", headers: stolen, from })).status).toBe(307);
});

test("a session ended from another browser, and a revoked key, are dead with the next request", async () => {
  const person = await newPerson();
  const other = new Person();
  other.jar.set(SESSION, person.jar.get(SESSION) ?? "");
  await person.signInWithWallet();
  const old = (await sessionsOf(person)).find(({ isCurrent }) => !isCurrent);
  expect((await other.get("/me")).status).toBe(200);
  expect((await person.send({ method: "DELETE", path: `/api/v1/sessions/${old?.id}` })).status).toBe(200);
  expect((await other.get("/me")).status).toBe(401);

  const made = JSON.parse((await person.post("/api-keys", { name: "x", scopes: ["balance:read"] })).text);
  const balance = () =>
    send({ path: "/api/v1/balance", headers: { authorization: `Bearer ${made.token}` }, from: person.address });
  expect((await balance()).status).toBe(200);
  await person.send({ method: "DELETE", path: `/api/v1/api-keys/${made.id}` });
  expect((await balance()).status).toBe(401);
});

test("a signed message signs in once, for this site, this chain and this moment", async () => {
  const person = new Person();
  const nonce = async () => JSON.parse((await person.send({ path: "/api/auth/siwe/nonce" })).text).nonce as string;
  const signed = async (changed: Partial<Parameters<typeof createSiweMessage>[0]> = {}) => {
    const message = createSiweMessage({
      address: person.wallet.address,
      chainId: 31337,
      domain: BASE_URL.host,
      uri: BASE_URL.origin,
      version: "1",
      nonce: changed.nonce ?? (await nonce()),
      ...changed,
    });
    return { message, signature: await person.wallet.signMessage({ message }) };
  };
  const refused = async (fields: Record<string, string>, code: string) =>
    expect(await person.callback("siwe", fields)).toBe(code);
  await refused(await signed({ domain: "elsewhere.example" }), "SIGNATURE_INVALID");
  await refused(await signed({ uri: "https://elsewhere.example" }), "SIGNATURE_INVALID");
  await refused(await signed({ chainId: 1 }), "SIGNATURE_INVALID");
  await refused(await signed({ expirationTime: new Date(Date.now() - 1000) }), "SIGNATURE_INVALID");
  await refused(await signed({ notBefore: new Date(Date.now() + 3_600_000) }), "SIGNATURE_INVALID");
  await refused(await signed({ nonce: "0123456789abcdef" }), "NONCE_INVALID");
  const other = await signed();
  await refused({ ...other, signature: (await signed()).signature }, "SIGNATURE_INVALID");
  await refused({ message: "x", signature: "0x" }, "SIGNATURE_INVALID");
  expect(person.jar.has(SESSION)).toBe(false);

  const good = await signed();
  const answers = await Promise.all(Array.from({ length: 12 }, () => new Person().callback("siwe", good)));
  expect(answers.filter((code) => code === null)).toHaveLength(1);
  expect(answers.filter((code) => code === "NONCE_INVALID")).toHaveLength(11);
});
