import { hexToBytes } from "viem/utils";
import { describe, expect, test } from "vitest";
import { keystoreSchema, lockKey, unlockKey } from "./keystore.ts";

const CHEAP = { n: 1_024, r: 8, p: 1, dklen: 32 } as const;
const secret = () => Uint8Array.from({ length: 32 }, (_, n) => n + 1);
const ADDRESS = "0x00000000000000000000000000000000000000Aa";

describe("a keystore", () => {
  test("opens with its password alone, and holds the key nowhere in the open", async () => {
    const keystore = await lockKey(secret(), ADDRESS, "a long password", CHEAP as never);
    expect(keystoreSchema.parse(JSON.parse(JSON.stringify(keystore)))).toEqual(keystore);
    expect(await unlockKey(keystore, "a long password")).toEqual(secret());
    await expect(unlockKey(keystore, "a long Password")).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
    expect(JSON.stringify(keystore)).not.toContain(Buffer.from(secret()).toString("hex"));
    const { ciphertext } = keystore.crypto;
    const altered = {
      ...keystore,
      crypto: { ...keystore.crypto, ciphertext: ciphertext.replace(/^./, (c) => (c === "0" ? "1" : "0")) },
    };
    await expect(unlockKey(altered, "a long password")).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
  });

  test("of the Web3 Secret Storage definition is read: its scrypt vector", async () => {
    const vector = keystoreSchema.parse({
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
    });
    expect(await unlockKey(vector, "testpassword")).toEqual(
      hexToBytes("0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"),
    );
  }, 60_000);

  test("that asks for gigabytes is not tried", async () => {
    const keystore = await lockKey(secret(), ADDRESS, "a long password", CHEAP as never);
    const greedy = {
      ...keystore,
      crypto: { ...keystore.crypto, kdfparams: { ...keystore.crypto.kdfparams, n: 2 ** 24 } },
    };
    await expect(unlockKey(greedy, "x")).rejects.toMatchObject({ details: { param: "keystore" } });
  });
});
