import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADDRESSES_MAX } from "#core/schemas/address.ts";
import { db, pool } from "#server/db.ts";
import { changeAddress, createAddress, listAddresses, removeAddress } from "./address-book.ts";
import { createAgent } from "./create-agent.ts";
import { createPerson, type Person } from "./testing/wallet-world.ts";

const newAddress = () => privateKeyToAddress(generatePrivateKey());

let person: Person;
beforeAll(async () => {
  person = await createPerson();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

const add = (address: string, name: string, note?: string) => createAddress(person.actor, { address, name, note });
const namesOf = async ({ actor }: Person) => (await listAddresses(actor)).data.map(({ name }) => name);

describe("an address book", () => {
  it("keeps addresses by name, in their checksummed form", async () => {
    const address = newAddress();
    const made = await add(address.toLowerCase(), "Zoe", "The landlord");
    expect(made).toMatchObject({ address, name: "Zoe", note: "The landlord", usedBy: [] });
    await add(newAddress(), "adam");
    expect(await namesOf(person)).toEqual(["adam", "Zoe"]);
  });

  it("answers the same entry when it is asked for again, also at once", async () => {
    const address = newAddress();
    const made = await Promise.all(Array.from({ length: 4 }, () => add(address, "Once")));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect((await add(address, "once")).id).toBe(made[0]?.id);
  });

  it("has one name for an address and one address for a name", async () => {
    const address = newAddress();
    const made = await add(address, "Rent");
    await expect(add(address, "Other")).rejects.toMatchObject({ code: "ADDRESS_EXISTS", details: { id: made.id } });
    await expect(add(newAddress(), "RENT")).rejects.toMatchObject({ code: "ADDRESS_NAME_TAKEN" });
    const other = await add(newAddress(), "Power");
    await expect(changeAddress(person.actor, { id: other.id, name: "rent" })).rejects.toMatchObject({
      code: "ADDRESS_NAME_TAKEN",
    });
  });

  it("changes a name or a note alone, and lets go of an entry", async () => {
    const { actor } = person;
    const made = await add(newAddress(), "Before", "A note");
    expect(await changeAddress(actor, { id: made.id, name: "BEFORE" })).toMatchObject({ note: "A note" });
    expect(await changeAddress(actor, { id: made.id, note: "" })).toMatchObject({ name: "BEFORE", note: null });
    await removeAddress(actor, { id: made.id });
    await expect(removeAddress(actor, { id: made.id })).rejects.toMatchObject({ code: "ADDRESS_NOT_FOUND" });
    await expect(changeAddress(actor, { id: made.id, name: "X" })).rejects.toMatchObject({ code: "ADDRESS_NOT_FOUND" });
  });

  it("refuses the zero address, and capitals that do not fit", async () => {
    const invalid = { code: "VALIDATION_FAILED", details: { param: "address" } };
    await expect(add(`0x${"0".repeat(40)}`, "Nobody")).rejects.toMatchObject(invalid);
    await expect(add("0x52908400098527886E0F7030069857D2E4169Ee7", "Typo")).rejects.toMatchObject(invalid);
    expect((await add("0x52908400098527886e0f7030069857d2e4169ee7", "No typo")).address).toBe(
      "0x52908400098527886E0F7030069857D2E4169EE7",
    );
  });

  it("says which agents name an address", async () => {
    const address = newAddress();
    const { agent } = await createAgent(person.actor, {
      name: "Payer",
      policy: {
        perTransactionCap: "1",
        windowCap: "1",
        windowSeconds: 3_600,
        validUntil: new Date(Date.now() + 86_400_000).toISOString(),
        rules: [{ kind: "pay", recipient: address }],
      },
    });
    expect((await add(address, "Payee")).usedBy).toEqual([{ id: agent.id, name: "Payer" }]);
  });

  it("is one's own: another person has another, and no agent's key reads it", async () => {
    const stranger = await createPerson();
    const made = await add(newAddress(), "Mine");
    expect(await namesOf(stranger)).toEqual([]);
    const byStranger = { code: "ADDRESS_NOT_FOUND" };
    await expect(changeAddress(stranger.actor, { id: made.id, name: "Theirs" })).rejects.toMatchObject(byStranger);
    await expect(removeAddress(stranger.actor, { id: made.id })).rejects.toMatchObject(byStranger);
    await createAddress(stranger.actor, { address: made.address, name: "Mine" });
    const agentKey = { ...person.actor, via: "api_key" as const, agentId: "agt_other" };
    await expect(listAddresses(agentKey)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("has an end", async () => {
    const full = await createPerson();
    await pool.query(
      `INSERT INTO named_address (id, user_id, address, name)
       SELECT 'adr_' || $1 || n, $1, '0x' || lpad(to_hex(n), 40, '0'), 'Name ' || n FROM generate_series(1, $2) n`,
      [full.actor.userId, ADDRESSES_MAX],
    );
    await expect(createAddress(full.actor, { address: newAddress(), name: "One more" })).rejects.toMatchObject({
      code: "ADDRESSES_FULL",
    });
  });
});
