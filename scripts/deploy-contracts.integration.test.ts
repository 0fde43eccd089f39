import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entryPointAbi, testUsdAbi, vaultAbi } from "../core/generated/abis.ts";
import { type Deployment, deployContracts } from "./deploy-contracts.ts";

const rpcUrl = process.env.CHAIN_RPC_URL ?? "";
const client = createPublicClient({ transport: http(rpcUrl) });

describe("deployContracts", () => {
  // An operator nobody else has gives this test contracts of its own on the shared chain.
  const operator = privateKeyToAddress(generatePrivateKey());
  let folder: string;
  let outFile: string;
  let deployment: Deployment;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "converge-deploy-"));
    outFile = join(folder, "31337.json");
    deployment = await deployContracts({ rpcUrl, operator, outFile });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("puts code at every address, the entry point at its canonical one", async () => {
    expect(deployment.contracts.EntryPoint).toBe("0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108");
    const codes = await Promise.all(Object.values(deployment.contracts).map((address) => client.getCode({ address })));
    expect(codes.every((code) => code !== undefined)).toBe(true);
  });

  it("gives the operator its role and ether, and the sponsor its deposit and stake", async () => {
    const { Vault, EntryPoint, GasSponsor } = deployment.contracts;
    expect(await client.readContract({ address: Vault, abi: vaultAbi, functionName: "operator" })).toBe(operator);
    expect(await client.getBalance({ address: operator })).toBe(parseEther("1000"));
    const info = await client.readContract({
      address: EntryPoint,
      abi: entryPointAbi,
      functionName: "getDepositInfo",
      args: [GasSponsor],
    });
    expect(info).toMatchObject({ deposit: parseEther("100"), staked: true });
  });

  it("changes nothing when it runs again", async () => {
    const before = await client.getBlockNumber();
    expect(await deployContracts({ rpcUrl, operator, outFile })).toEqual(deployment);
    expect(await client.getBlockNumber()).toBe(before);
  });

  it("finds what is there when its record was lost, and mints no second time", async () => {
    const token = { address: deployment.contracts.TestUSD, abi: testUsdAbi, functionName: "totalSupply" } as const;
    const supply = await client.readContract(token);
    await rm(outFile);
    expect((await deployContracts({ rpcUrl, operator, outFile })).contracts).toEqual(deployment.contracts);
    expect(await client.readContract(token)).toBe(supply);
  });
});
