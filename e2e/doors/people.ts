import { expect } from "@playwright/test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { BASE_URL, type Hostile, json, type Reply, send, strangerAddress } from "./hostile-client.ts";

const origin = BASE_URL.origin;

/** A signed-in person's browser: a cookie jar, and requests that carry it from our own pages. */
export class Person {
  readonly jar = new Map<string, string>();
  readonly address = strangerAddress();
  readonly wallet = privateKeyToAccount(generatePrivateKey());

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async send(hostile: Hostile): Promise<Reply> {
    const reply = await send({
      ...hostile,
      from: this.address,
      headers: { cookie: this.cookie, origin, ...hostile.headers },
    });
    for (const line of reply.headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      if (at === pair.length - 1) this.jar.delete(pair.slice(0, at));
      else this.jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return reply;
  }

  get = (path: string): Promise<Reply> => this.send({ path: `/api/v1${path}` });

  post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> => {
    const sent = json(body);
    return this.send({ method: "POST", path: `/api/v1${path}`, ...sent, headers: { ...sent.headers, ...headers } });
  };

  async read<Value = { [key: string]: unknown }>(path: string): Promise<Value> {
    const reply = await this.get(path);
    expect(reply.status, `${path}: ${reply.text}`).toBe(200);
    return JSON.parse(reply.text);
  }

  /** next-auth's credentials callback, as its browser client calls it. Answers the error's code, or null. */
  async callback(provider: string, fields: Record<string, string>): Promise<string | null> {
    const { csrfToken } = JSON.parse((await this.send({ path: "/api/auth/csrf" })).text);
    const reply = await this.send({
      method: "POST",
      path: `/api/auth/callback/${provider}`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ ...fields, csrfToken, json: "true" }).toString(),
    });
    return new URL(JSON.parse(reply.text).url, origin).searchParams.get("error");
  }

  async signInWithWallet(): Promise<void> {
    const { nonce } = JSON.parse((await this.send({ path: "/api/auth/siwe/nonce" })).text);
    const message = createSiweMessage({
      address: this.wallet.address,
      chainId: 31337,
      domain: BASE_URL.host,
      uri: origin,
      nonce,
      version: "1",
    });
    const signature = await this.wallet.signMessage({ message });
    expect(await this.callback("siwe", { message, signature })).toBeNull();
  }
}

/** Somebody nobody has met before, signed in with a wallet of their own. */
export async function newPerson(): Promise<Person> {
  const person = new Person();
  await person.signInWithWallet();
  return person;
}

export async function demoPerson(account: "user" | "provider" | "admin" | "approver"): Promise<Person> {
  const person = new Person();
  expect(await person.callback("demo", { account })).toBeNull();
  return person;
}

const OWN_THINGS = [
  "/account",
  "/agents",
  "/withdrawals",
  "/nodes/mine",
  "/inferences",
  "/api-keys",
  "/proofs",
  "/rewards/earnings",
  "/rewards/batches",
  "/rewards/cash-outs",
  "/balance",
  "/balance/statement",
  "/sessions",
  "/me",
];

/** Everything a person owns, as one text: equal before and after means that nothing was changed. */
export async function everythingOf(person: Person): Promise<string> {
  const answers: unknown[] = [];
  for (const path of OWN_THINGS) answers.push(await person.read(path));
  // When a key was last used is no change of the person's.
  return JSON.stringify(answers, (name, value) => (name === "lastUsedAt" ? null : value));
}
