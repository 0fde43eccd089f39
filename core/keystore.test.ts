import { hexToBytes, toHex } from "viem/utils";
import { describe, expect, test } from "vitest";
import { type Keystore, lockKey, readKeystore, unlockKey } from "./keystore.ts";
import { addressOfKey, readPrivateKey } from "./private-key.ts";

const CHEAP = { n: 1_024, r: 8, p: 1, dklen: 32 } as const;
const secret = () => Uint8Array.from({ length: 32 }, (_, n) => n + 1);
const ADDRESS = addressOfKey(secret());

/** The vectors of the Web3 Secret Storage definition: one key, under "testpassword". */
const VECTOR_KEY = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const PBKDF2 = {
  version: 3,
  id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  crypto: {
    cipher: "aes-128-ctr",
    cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
    ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    kdf: "pbkdf2",
    kdfparams: {
      c: 262_144,
      dklen: 32,
      prf: "hmac-sha256",
      salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
    },
    mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
  },
};
const SCRYPT = {
  version: 3,
  id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  address: "008aeeda4d805471df9b2a5b0f38a0c3bcba786b",
  crypto: {
    cipher: "aes-128-ctr",
    cipherparams: { iv: "83dbcc02d8ccb40e466191a123791e0e" },
    ciphertext: "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
    kdf: "scrypt",
    kdfparams: {
      dklen: 32,
      n: 262_144,
      p: 8,
      r: 1,
      salt: "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
    },
    mac: "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
  },
};

const read = (value: unknown): Keystore => readKeystore(JSON.stringify(value));
const withCrypto = (change: object) => ({ ...PBKDF2, crypto: { ...PBKDF2.crypto, ...change } });
const withParams = (of: typeof PBKDF2 | typeof SCRYPT, change: object) => ({
  ...of,
  crypto: { ...of.crypto, kdfparams: { ...of.crypto.kdfparams, ...change } },
});

describe("a keystore of one's own", () => {
  test("opens with its password alone, and holds the key nowhere in the open", async () => {
    const keystore = await lockKey(secret(), ADDRESS, "a long password", CHEAP);
    expect(read(keystore)).toEqual(keystore);
    expect(await unlockKey(keystore, "a long password")).toEqual({ secret: secret(), address: ADDRESS });
    await expect(unlockKey(keystore, "a long Password")).rejects.toMatchObject({ details: { param: "password" } });
    expect(JSON.stringify(keystore)).not.toContain(Buffer.from(secret()).toString("hex"));
  });

  test("takes a password in either form of its accents", async () => {
    const keystore = await lockKey(secret(), ADDRESS, "Zürich", CHEAP);
    expect((await unlockKey(keystore, "Zürich".normalize("NFD"))).address).toBe(ADDRESS);
  });
});

describe("a keystore of the Web3 Secret Storage definition", () => {
  test.each([
    ["pbkdf2", PBKDF2],
    ["scrypt", SCRYPT],
  ])(
    "is read: its %s vector",
    async (_, vector) => {
      const { secret: opened, address } = await unlockKey(read(vector), "testpassword");
      expect(toHex(opened)).toBe(VECTOR_KEY);
      expect(address.toLowerCase()).toBe("0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b");
    },
    60_000,
  );

  test("is read as early wallets wrote it, and with 0x before its address", async () => {
    const { crypto, ...rest } = PBKDF2;
    const early = { ...rest, address: `0x${SCRYPT.address}`, Crypto: crypto };
    expect(toHex((await unlockKey(read(early), "testpassword")).secret)).toBe(VECTOR_KEY);
  });

  test.each([
    ["a wrong password", PBKDF2, "testpassworD", "The password does not open"],
    [
      "an altered ciphertext",
      withCrypto({ ciphertext: "00".repeat(32) }),
      "testpassword",
      "The password does not open",
    ],
    ["an altered code", withCrypto({ mac: "00".repeat(32) }), "testpassword", "The password does not open"],
    ["another address", { ...PBKDF2, address: "11".repeat(20) }, "testpassword", "of another address"],
  ])("is refused for %s, without a word of the key", async (_, keystore, password, reason) => {
    const refusal = await unlockKey(read(keystore), password).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect(String(refusal)).toContain(reason);
    expect(JSON.stringify(refusal)).not.toContain(VECTOR_KEY.slice(2, 20));
  });

  test.each([
    ["is no JSON", "Hello", "not JSON"],
    ["names no version", "{}", "names no version"],
    ["is of version 1", JSON.stringify({ ...PBKDF2, version: 1 }), "another version"],
    ["has another derivation", JSON.stringify(withCrypto({ kdf: "argon2id" })), "not read here"],
    ["has another cipher", JSON.stringify(withCrypto({ cipher: "aes-256-gcm" })), "cipher"],
    ["lacks its code", JSON.stringify(withCrypto({ mac: undefined })), "damaged"],
    ["has an impossible cost", JSON.stringify(withParams(SCRYPT, { n: 1_000 })), "damaged"],
    ["asks for gigabytes", JSON.stringify(withParams(SCRYPT, { n: 2 ** 24, r: 8 })), "memory or time"],
    ["asks for an afternoon of scrypt", JSON.stringify(withParams(SCRYPT, { p: 2 ** 20 })), "memory or time"],
    ["asks for an afternoon of pbkdf2", JSON.stringify(withParams(PBKDF2, { c: 2 ** 31 - 1 })), "memory or time"],
  ])("is not tried when it %s", (_, text, reason) => {
    expect(() => readKeystore(text)).toThrow(reason);
  });

  test("that asks for gigabytes is not tried by whoever did not read it from a file either", async () => {
    const keystore = await lockKey(secret(), ADDRESS, "a long password", CHEAP);
    const greedy = withParams(keystore as typeof SCRYPT, { n: 2 ** 24 }) as Keystore;
    await expect(unlockKey(greedy, "x")).rejects.toMatchObject({ details: { param: "keystore" } });
  });
});

describe("a private key as text", () => {
  test("is read with 0x and without", () => {
    expect(readPrivateKey(VECTOR_KEY).address).toBe(readPrivateKey(` ${VECTOR_KEY.slice(2).toUpperCase()}\n`).address);
    expect(readPrivateKey(VECTOR_KEY).secret).toEqual(hexToBytes(VECTOR_KEY));
  });

  test.each([
    ["too short", VECTOR_KEY.slice(0, -1), "VALIDATION_FAILED"],
    ["of twelve words", "test test test", "VALIDATION_FAILED"],
    ["zero", "00".repeat(32), "PRIVATE_KEY_INVALID"],
    ["the curve's order", "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "PRIVATE_KEY_INVALID"],
    ["beyond the curve's order", "ff".repeat(32), "PRIVATE_KEY_INVALID"],
  ])("is refused when it is %s, and not repeated", (_, text, code) => {
    let refusal: unknown;
    try {
      readPrivateKey(text);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code });
    expect(JSON.stringify(refusal)).not.toContain(text);
  });
});
