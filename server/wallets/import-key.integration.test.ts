import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { hexToBytes } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ImportSlot, importPurpose, sealForImport } from "#core/key-import.ts";
import { readPrivateKey } from "#core/private-key.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { sealKey } from "#core/sealed-key.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { startSigner } from "../../scripts/lib/services.ts";
import { payAsAgent } from "./act-as-agent.ts";
import { confirmAgent, createAgent } from "./create-agent.ts";
import { tokenBalance } from "./get-account.ts";
import { getAgent } from "./get-agents.ts";
import { prepareImport } from "./import-key.ts";
import { fundAgent } from "./pause-agent.ts";
import { createPerson, depositFor, followUntilQuiet, knowAddress, type Person } from "./testing/wallet-world.ts";

const payee = privateKeyToAddress(generatePrivateKey());
const policy: PolicyInput = {
  perTransactionCap: "1000000",
  windowCap: "6000000",
  windowSeconds: 3_600,
  validUntil: new Date(Date.now() + 86_400_000).toISOString(),
  rules: [{ kind: "pay", recipient: payee }],
};
type Imported = Awaited<ReturnType<typeof sealForImport>>;
const create = ({ actor }: Person, importedKey: Imported, name = "Brought") =>
  createAgent(actor, { name, policy, importedKey });
/** A key sealed for the slot as a page does it. */
const sealFor = (slot: ImportSlot, key: Hex): Promise<Imported> => sealForImport(readPrivateKey(key), slot);
/** Bytes sealed as no page does it: whatever they are, under whatever address is said. */
const sealBytes = async (slot: ImportSlot, bytes: Hex, address = payee): Promise<Imported> => {
  const { agentId, keyId, expiresAt, recipient } = slot;
  const secret = Uint8Array.from(hexToBytes(bytes));
  const sealed = await sealKey(secret, recipient as Hex, importPurpose(slot, address));
  return { agentId, keyId, expiresAt, address, sealed };
};

/** A folder for another signer, with the key-encryption key that the wallets are under: a rotation may have put it aside. */
async function sameKeyElsewhere(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "converge-signer-"));
  const { rows } = await pool.query<{ key_id: string }>("SELECT key_id FROM signer_wallet LIMIT 1");
  const retired = join(env.CONVERGE_HOME, "signer", `kek.retired-${rows[0]?.key_id}`);
  await mkdir(join(home, "signer"), { mode: 0o700 });
  await copyFile(existsSync(retired) ? retired : join(env.CONVERGE_HOME, "signer", "kek"), join(home, "signer", "kek"));
  await cp(join(env.CONVERGE_HOME, "deployments"), join(home, "deployments"), { recursive: true });
  return home;
}

let owner: Person;
beforeAll(async () => {
  owner = await createPerson();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("an agent with a key that its owner brought", () => {
  it("acts under its policy, and says that the key came from outside", async () => {
    const key = generatePrivateKey();
    await depositFor(userAccount(owner.actor.userId), 5_000_000n);
    await followUntilQuiet();
    const imported = await sealFor(await prepareImport(owner.actor), key);
    const { agent, operation } = await create(owner, imported);
    expect(agent).toMatchObject({ id: imported.agentId, key: privateKeyToAddress(key) });
    await confirmAgent(owner.actor, { id: agent.id, signature: owner.approve(operation.hash) });
    await followUntilQuiet();
    await knowAddress(owner, agent.account);
    await fundAgent(owner.actor, { id: agent.id, units: "2000000" });
    await followUntilQuiet();
    await payAsAgent(owner.actor, { id: agent.id, recipient: payee, units: "300000" });
    await followUntilQuiet();
    expect(await tokenBalance(payee)).toBe(300_000n);
    await expect(payAsAgent(owner.actor, { id: agent.id, recipient: payee, units: "1000001" })).rejects.toMatchObject({
      code: "POLICY_DENIED",
    });
    const { importedAt, exportedAt } = await getAgent(owner.actor, { id: agent.id });
    expect(Date.parse(importedAt ?? "")).toBeGreaterThan(Date.now() - 60_000);
    expect(exportedAt).toBeNull();
    // The key is neither in what the web process was sent nor in what is stored.
    const { rows } = await pool.query("SELECT to_jsonb(w) AS w, to_jsonb(a) AS a FROM signer_wallet w, agent a");
    expect(`${JSON.stringify(imported)}${JSON.stringify(rows)}`.toLowerCase()).not.toContain(key.slice(2));
  });

  it("is one agent, however often the same import is sent", async () => {
    const imported = await sealFor(await prepareImport(owner.actor), generatePrivateKey());
    const first = await create(owner, imported);
    const again = await create(owner, imported);
    const twice = await sealFor(await prepareImport(owner.actor), generatePrivateKey());
    const atOnce = await Promise.all([create(owner, twice), create(owner, twice), create(owner, twice)]);
    expect(new Set(atOnce.map(({ agent }) => agent.id)).size).toBe(1);
    expect(again.agent).toMatchObject({ id: first.agent.id, key: first.agent.key });
  });

  it("takes a key that was sealed for another signer process under the same key-encryption key", async () => {
    const home = await sameKeyElsewhere();
    const socket = join(home, "second.sock");
    const second = await startSigner({ ...process.env, CONVERGE_HOME: home, SIGNER_SOCKET: socket }, home);
    try {
      const slot = await prepareImport(owner.actor);
      const { agentId, account, chainId } = slot;
      const body = JSON.stringify({ agentId, account, chainId });
      const reply = await new Promise<string>((resolve, reject) => {
        const sent = request({ socketPath: socket, path: "/getImportKey", method: "POST" }, (response) => {
          let text = "";
          response.on("data", (piece) => {
            text += piece;
          });
          response.on("end", () => resolve(text));
        });
        sent.on("error", reject);
        sent.end(body);
      });
      const key = generatePrivateKey();
      const { agent } = await create(owner, await sealFor({ ...slot, ...JSON.parse(reply).result }, key));
      expect(agent.key).toBe(privateKeyToAddress(key));
    } finally {
      second.child.kill("SIGTERM");
      await rm(home, { recursive: true });
    }
  });
});

describe("an import is refused", () => {
  it("for another person, another agent, another time, another address or an altered seal", async () => {
    const stranger = await createPerson();
    const [slot, other] = [await prepareImport(owner.actor), await prepareImport(owner.actor)];
    const imported = await sealFor(slot, generatePrivateKey());
    const altered = imported.sealed.ciphertext.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) as Hex;
    const refused = { code: "KEY_SEAL_BROKEN" };
    await expect(create(stranger, imported)).rejects.toMatchObject(refused);
    await expect(create(owner, { ...imported, agentId: other.agentId })).rejects.toMatchObject(refused);
    await expect(create(owner, { ...imported, expiresAt: imported.expiresAt + 60 })).rejects.toMatchObject(refused);
    await expect(create(owner, { ...imported, address: payee })).rejects.toMatchObject(refused);
    await expect(
      create(owner, { ...imported, sealed: { ...imported.sealed, ciphertext: altered } }),
    ).rejects.toMatchObject(refused);
    // None of that used it up.
    expect((await create(owner, imported)).agent.id).toBe(slot.agentId);
  });

  it("after its time, and after the key-encryption key it belongs to", async () => {
    const slot = await prepareImport(owner.actor);
    const late = await sealFor({ ...slot, expiresAt: Math.floor(Date.now() / 1_000) - 1 }, generatePrivateKey());
    await expect(create(owner, late)).rejects.toMatchObject({ code: "KEY_IMPORT_OVER" });
    const rotated = await sealFor({ ...slot, keyId: "0123456789abcdef" }, generatePrivateKey());
    await expect(create(owner, rotated)).rejects.toMatchObject({ code: "KEY_IMPORT_OVER" });
  });

  it("for what is no key, and for a key of another address than was said", async () => {
    const order: Hex = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for (const bytes of [`0x${"00".repeat(32)}`, order] as const) {
      const imported = await sealBytes(await prepareImport(owner.actor), bytes);
      await expect(create(owner, imported)).rejects.toMatchObject({ code: "PRIVATE_KEY_INVALID" });
    }
    const key = generatePrivateKey();
    const refusal = await create(owner, await sealBytes(await prepareImport(owner.actor), key)).catch((error) => error);
    expect(refusal).toMatchObject({ code: "KEY_ADDRESS_WRONG" });
    expect(JSON.stringify({ ...refusal, message: refusal.message })).not.toContain(key.slice(2, 12));
  });

  it("for a key that is an agent's already, also of an agent that was never signed", async () => {
    const key = generatePrivateKey();
    const slots = [await prepareImport(owner.actor), await prepareImport(owner.actor)] as const;
    const [one, two] = await Promise.all(slots.map((slot) => sealFor(slot, key)));
    const outcomes = await Promise.allSettled([create(owner, one as Imported), create(owner, two as Imported)]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
    expect(refused).toEqual(["KEY_TAKEN"]);
    const stranger = await createPerson();
    const third = await sealFor(await prepareImport(stranger.actor), key);
    await expect(create(stranger, third)).rejects.toMatchObject({ code: "KEY_TAKEN" });
  });

  it("for the key of any other wallet of the signer", async () => {
    // Nobody has such a key; a row that says so stands for one who would.
    const key = generatePrivateKey();
    await pool.query(
      `INSERT INTO signer_wallet (id, purpose, address, key_id, key_version, wrapped_data_key, encrypted_key)
       VALUES ('voucher-of-the-test', 'voucher', $1, $2, 1, '', '')`,
      [privateKeyToAddress(key), (await signerClient.health({})).keyId],
    );
    const imported = await sealFor(await prepareImport(owner.actor), key);
    await expect(create(owner, imported)).rejects.toMatchObject({ code: "KEY_TAKEN" });
  });

  it("for a key that owns accounts here, its owner's above all", async () => {
    const key = generatePrivateKey();
    const holder = await createPerson({ wallet: privateKeyToAddress(key) });
    for (const person of [holder, owner]) {
      const imported = await sealFor(await prepareImport(person.actor), key);
      await expect(create(person, imported)).rejects.toMatchObject({ code: "KEY_OF_OWNER" });
    }
  });

  it("for another policy under the same import", async () => {
    const imported = await sealFor(await prepareImport(owner.actor), generatePrivateKey());
    await create(owner, imported);
    const wider = { ...policy, windowCap: "60000000" };
    await expect(
      createAgent(owner.actor, { name: "Wider", policy: wider, importedKey: imported }),
    ).rejects.toMatchObject({ code: "POLICY_WIDENING_REFUSED" });
  });
});
