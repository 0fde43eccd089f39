// Deploys all contracts, idempotently: node scripts/deploy-contracts.ts --operator 0x… --out FILE [--rpc URL].
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  type Abi,
  type Account,
  type Address,
  concat,
  createPublicClient,
  createWalletClient,
  encodeDeployData,
  encodeFunctionData,
  getAddress,
  getContractAddress,
  type Hex,
  http,
  isAddressEqual,
  isHex,
  keccak256,
  type PublicClient,
  parseEther,
  parseGwei,
  parseUnits,
  type TransactionReceipt,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { entryPointAbi, gasSponsorAbi, testUsdAbi } from "../core/generated/abis.ts";
import { MARKET_CONTRACTS, type MarketContracts, seedMarket } from "./seed-market.ts";

export type ContractName =
  | "EntryPoint"
  | "WebAuthnVerifier"
  | "P256Verifier"
  | "TestUSD"
  | "Vault"
  | "InferenceRegistry"
  | "AgentAccountFactory"
  | "RewardsDistributor"
  | "GasSponsor"
  | "ComputeEscrow";

export type Deployment = {
  chainId: number;
  /** On a public chain `TestUSD` is the real token the platform works with. */
  contracts: Record<ContractName, Address> & Partial<MarketContracts>;
  operator: Address;
  guardian: Address;
  deployer: Address;
  deployedAtBlock: number;
  /** keccak256 of each contract's creation code with its arguments. */
  codeHashes: Partial<Record<ContractName | keyof MarketContracts, Hex>>;
};

export type DeployOptions = {
  rpcUrl: string;
  operator: Address;
  guardian?: Address | undefined;
  outFile: string;
  deployerPrivateKey?: Hex | undefined;
  /** The token to hold where TestUSD may not exist: on every chain but the development chain. */
  token?: Address | undefined;
};

type Plan = { name: ContractName | keyof MarketContracts; address: Address; initCode: Hex; salt: Hex };
type Call = { to: Address; data?: Hex; value?: bigint; gas: bigint };

const DEVELOPMENT_CHAIN_ID = 31337;
const DETERMINISTIC_DEPLOYER: Address = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
const ENTRY_POINT_V08: Address = "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108";
const ENTRY_POINT_SALT: Hex = "0x0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9";
const SALT: Hex = `0x${"0".repeat(64)}`;
/** Below the 2^24 that one transaction may use since Osaka. */
const DEPLOY_GAS = 12_000_000n;

/** Every withdrawal that the daily cap allows is paid at once: no threshold lies below it. See contracts/README.md. */
const VAULT_LIMITS = {
  withdrawalCap: parseUnits("1000000", 6),
  delayThreshold: parseUnits("1000000", 6),
  withdrawalDelay: 6 * 3_600,
};
const VAULT_LIMITS_TIMELOCK_SECONDS = 2 * 86_400;
const EXIT_PERIOD_SECONDS = { development: 86_400, public: 7 * 86_400 };
const REWARDS_CAP_PER_EPOCH = parseUnits("100000", 6);
/** Seconds: for the provider to show a voucher, for stake to leave, to object to a dispute, and to decide on it. */
const ESCROW_PERIODS = {
  development: { closeDelay: 600, unbonding: 1_200, response: 60, decision: 1_200 },
  public: { closeDelay: 86_400, unbonding: 14 * 86_400, response: 3 * 86_400, decision: 14 * 86_400 },
};
const GAS_LIMITS = {
  accountBudget: parseEther("0.25"),
  totalBudget: parseEther("25"),
  maxFeePerGas: parseGwei("100"),
};
const DEVELOPMENT_FUNDS = {
  operatorEther: parseEther("1000"),
  sponsorDeposit: parseEther("100"),
  sponsorStake: parseEther("1"),
  tokens: parseUnits("1000000000", 6),
};
const STAKE_DELAY_SECONDS = 86_400;

const root = resolve(import.meta.dirname, "..");

/** Brings the chain to the state this version wants and returns it. A second call changes nothing. */
export async function deployContracts(options: DeployOptions): Promise<Deployment> {
  const client = createPublicClient({ transport: http(options.rpcUrl, { batch: true }), pollingInterval: 50 });
  const chainId = await client.getChainId();
  const deployer = await chooseDeployer(client, chainId, options);
  const { plans, contracts } = await planContracts(chainId, deployer.address, options);

  const previous = await readPrevious(options.outFile);
  const codes = await Promise.all(plans.map(({ address }) => client.getCode({ address })));
  const missing = plans.filter((_, index) => !codes[index]);
  const isKnown = previous !== undefined && plans.every(({ name, address }) => previous.contracts[name] === address);
  if (isKnown && missing.length === 0) return previous;

  const deployedAtBlock = isKnown ? previous.deployedAtBlock : Number(await client.getBlockNumber());
  const send = senderOf(client, deployer, options.rpcUrl);
  await deployMissing(client, send, missing);
  if (chainId === DEVELOPMENT_CHAIN_ID) {
    await fundDevelopment(client, send, deployer.address, options, contracts);
    if (hasMarket(contracts)) await seedMarket(client, send, deployer.address, contracts);
  }

  const deployment: Deployment = {
    chainId,
    contracts,
    operator: getAddress(options.operator),
    guardian: getAddress(options.guardian ?? options.operator),
    deployer: deployer.address,
    // Without a record of an earlier run the contracts may be older than this block; then logs start at the first.
    deployedAtBlock: isKnown || missing.length === plans.length ? deployedAtBlock : 0,
    codeHashes: Object.fromEntries(plans.map(({ name, initCode }) => [name, keccak256(initCode)])),
  };
  await writeDeployment(options.outFile, deployment);
  return deployment;
}

const hasMarket = (contracts: Deployment["contracts"]): contracts is Deployment["contracts"] & MarketContracts =>
  MARKET_CONTRACTS.every((name) => contracts[name] !== undefined);

async function chooseDeployer(
  client: PublicClient,
  chainId: number,
  { deployerPrivateKey, token }: DeployOptions,
): Promise<Account> {
  if (chainId !== DEVELOPMENT_CHAIN_ID && !token) {
    throw new Error(`TestUSD exists on chain ${DEVELOPMENT_CHAIN_ID} only; name the token to use on chain ${chainId}.`);
  }
  if (!(await client.getCode({ address: DETERMINISTIC_DEPLOYER }))) {
    throw new Error(`Chain ${chainId} has no deterministic deployer at ${DETERMINISTIC_DEPLOYER}.`);
  }
  if (deployerPrivateKey) return privateKeyToAccount(deployerPrivateKey);
  if (chainId !== DEVELOPMENT_CHAIN_ID)
    throw new Error(`Deploying on chain ${chainId} needs a deployer's private key.`);
  const [unlocked] = await client.request<{ Method: "eth_accounts"; Parameters?: undefined; ReturnType: Address[] }>({
    method: "eth_accounts",
  });
  if (!unlocked) throw new Error("The development chain has no unlocked account to deploy from.");
  return { address: getAddress(unlocked), type: "json-rpc" };
}

/** Every address follows from code and arguments alone, so all are known before anything is sent. */
async function planContracts(chainId: number, deployer: Address, options: DeployOptions) {
  const { operator, guardian = operator } = options;
  const plans: Plan[] = [];
  const add = async (name: Plan["name"], artifact: string, args: unknown[] = [], salt: Hex = SALT) => {
    const { abi, bytecode } = await readArtifact(artifact);
    const initCode = encodeDeployData({ abi, bytecode, args });
    const address = getContractAddress({
      opcode: "CREATE2",
      from: DETERMINISTIC_DEPLOYER,
      salt,
      bytecode: initCode,
    });
    plans.push({ name, address, initCode, salt });
    return address;
  };

  const entryPoint = await add("EntryPoint", "EntryPoint", [], ENTRY_POINT_SALT);
  if (!isAddressEqual(entryPoint, ENTRY_POINT_V08)) {
    throw new Error(`The entry point would land on ${entryPoint} instead of its canonical address.`);
  }
  const isDevelopment = chainId === DEVELOPMENT_CHAIN_ID;
  const token = isDevelopment || !options.token ? await add("TestUSD", "TestUSD", [deployer]) : options.token;
  const registry = await add("InferenceRegistry", "InferenceRegistry", [deployer, guardian]);
  const factory = await add("AgentAccountFactory", "AgentAccountFactory", [guardian, registry]);
  const contracts: Deployment["contracts"] = {
    EntryPoint: entryPoint,
    WebAuthnVerifier: await add("WebAuthnVerifier", "ERC7913WebAuthnVerifier"),
    P256Verifier: await add("P256Verifier", "ERC7913P256Verifier"),
    TestUSD: token,
    Vault: await add("Vault", "Vault", [
      token,
      deployer,
      operator,
      guardian,
      VAULT_LIMITS,
      VAULT_LIMITS_TIMELOCK_SECONDS,
      isDevelopment ? EXIT_PERIOD_SECONDS.development : EXIT_PERIOD_SECONDS.public,
    ]),
    InferenceRegistry: registry,
    AgentAccountFactory: factory,
    RewardsDistributor: await add("RewardsDistributor", "RewardsDistributor", [
      token,
      deployer,
      operator,
      guardian,
      REWARDS_CAP_PER_EPOCH,
    ]),
    GasSponsor: await add("GasSponsor", "GasSponsor", [factory, deployer, GAS_LIMITS]),
    ComputeEscrow: await add("ComputeEscrow", "ComputeEscrow", [
      token,
      deployer,
      operator,
      guardian,
      isDevelopment ? ESCROW_PERIODS.development : ESCROW_PERIODS.public,
    ]),
    ...(isDevelopment ? await planMarket(add, deployer) : {}),
  };
  return { plans, contracts };
}

/** Something to trade, and where: on another chain both are there already. */
async function planMarket(
  add: (name: keyof MarketContracts, artifact: string, args?: unknown[]) => Promise<Address>,
  deployer: Address,
): Promise<MarketContracts> {
  const WETH = await add("WETH", "WETH9");
  const UniswapV2Factory = await add("UniswapV2Factory", "UniswapV2Factory", [deployer]);
  return {
    WETH,
    UniswapV2Factory,
    UniswapV2Router: await add("UniswapV2Router", "UniswapV2Router02", [UniswapV2Factory, WETH]),
    TestBTC: await add("TestBTC", "TestBTC", [deployer]),
    EtherFeed: await add("EtherFeed", "PriceFeed", [deployer, "ETH / USD"]),
    BitcoinFeed: await add("BitcoinFeed", "PriceFeed", [deployer, "BTC / USD"]),
  };
}

/** The compiled contracts of others, by the name of the contract. */
const PACKAGED: Readonly<Record<string, string>> = {
  EntryPoint: "@account-abstraction/contracts/artifacts/EntryPoint.json",
  UniswapV2Factory: "@uniswap/v2-core/build/UniswapV2Factory.json",
  UniswapV2Router02: "@uniswap/v2-periphery/build/UniswapV2Router02.json",
  WETH9: "@uniswap/v2-periphery/build/WETH9.json",
};

async function readArtifact(name: string): Promise<{ abi: Abi; bytecode: Hex }> {
  const packaged = PACKAGED[name];
  if (packaged) {
    const file = createRequire(import.meta.url).resolve(packaged);
    const { abi, bytecode } = JSON.parse(await readFile(file, "utf8"));
    return { abi, bytecode: bytecode.startsWith("0x") ? bytecode : `0x${bytecode}` };
  }
  const file = join(root, "contracts", "out", `${name}.sol`, `${name}.json`);
  if (!existsSync(file)) throw new Error("The contracts are not compiled yet: run npm run contracts:build.");
  const { abi, bytecode } = JSON.parse(await readFile(file, "utf8"));
  return { abi, bytecode: bytecode.object };
}

/** Sends calls one nonce after the other without waiting in between, then waits for all and refuses a failed one. */
function senderOf(client: PublicClient, account: Account, rpcUrl: string) {
  const wallet = createWalletClient({ account, transport: http(rpcUrl) });
  return async (calls: Call[]): Promise<TransactionReceipt[]> => {
    const nonce = await client.getTransactionCount({ address: account.address, blockTag: "pending" });
    const hashes: Hex[] = [];
    for (const [index, call] of calls.entries()) {
      hashes.push(await wallet.sendTransaction({ ...call, account, chain: null, nonce: nonce + index }));
    }
    const receipts = await Promise.all(hashes.map((hash) => client.waitForTransactionReceipt({ hash })));
    for (const { status, transactionHash } of receipts) {
      if (status !== "success") throw new Error(`A deployment transaction failed: ${transactionHash}.`);
    }
    return receipts;
  };
}

type Send = ReturnType<typeof senderOf>;

async function deployMissing(client: PublicClient, send: Send, missing: Plan[]): Promise<void> {
  await send(
    missing.map(({ salt, initCode }) => ({
      to: DETERMINISTIC_DEPLOYER,
      data: concat([salt, initCode]),
      gas: DEPLOY_GAS,
    })),
  );
  for (const { name, address } of missing) {
    if (!(await client.getCode({ address })))
      throw new Error(`${name} has no code at ${address} after its deployment.`);
  }
}

/** Gives the development chain's parties what they need. Each step looks first, so that a broken run can go on. */
async function fundDevelopment(
  client: PublicClient,
  send: Send,
  deployer: Address,
  { operator }: DeployOptions,
  { TestUSD, EntryPoint, GasSponsor }: Deployment["contracts"],
): Promise<void> {
  const token = { address: TestUSD, abi: testUsdAbi } as const;
  const [operatorEther, sponsor, tokenOwner, minted] = await Promise.all([
    client.getBalance({ address: operator }),
    client.readContract({
      address: EntryPoint,
      abi: entryPointAbi,
      functionName: "getDepositInfo",
      args: [GasSponsor],
    }),
    client.readContract({ ...token, functionName: "owner" }),
    client.readContract({ ...token, functionName: "totalSupply" }),
  ]);
  const calls: Call[] = [];
  const { operatorEther: ether, sponsorDeposit, sponsorStake, tokens } = DEVELOPMENT_FUNDS;
  if (operatorEther < ether / 2n) calls.push({ to: operator, value: ether, gas: 100_000n });
  if (sponsor.deposit < sponsorDeposit / 2n) {
    const data = encodeFunctionData({ abi: gasSponsorAbi, functionName: "deposit" });
    calls.push({ to: GasSponsor, data, value: sponsorDeposit, gas: 200_000n });
  }
  if (!sponsor.staked) {
    const data = encodeFunctionData({ abi: gasSponsorAbi, functionName: "addStake", args: [STAKE_DELAY_SECONDS] });
    calls.push({ to: GasSponsor, data, value: sponsorStake, gas: 200_000n });
  }
  if (isAddressEqual(tokenOwner, deployer)) {
    for (const to of minted === 0n ? new Set([deployer, getAddress(operator)]) : []) {
      const data = encodeFunctionData({ abi: testUsdAbi, functionName: "mint", args: [to, tokens] });
      calls.push({ to: TestUSD, data, gas: 200_000n });
    }
    // The operator mints from now on: it is the one party whose key the running platform can use.
    const data = encodeFunctionData({ abi: testUsdAbi, functionName: "transferOwnership", args: [operator] });
    calls.push({ to: TestUSD, data, gas: 100_000n });
  }
  await send(calls);
}

async function readPrevious(file: string): Promise<Deployment | undefined> {
  return existsSync(file) ? JSON.parse(await readFile(file, "utf8")) : undefined;
}

/** Written beside and renamed, so that a reader never sees half a file. */
async function writeDeployment(file: string, deployment: Deployment): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(deployment, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rpc: { type: "string", default: process.env.CHAIN_RPC_URL ?? "http://127.0.0.1:8545" },
      operator: { type: "string" },
      guardian: { type: "string" },
      token: { type: "string" },
      out: { type: "string" },
    },
  });
  if (!values.operator || !values.out) {
    process.stderr.write(
      "Usage: node scripts/deploy-contracts.ts --operator ADDRESS --out FILE [--rpc URL] [--guardian ADDRESS] [--token ADDRESS]\n" +
        "The deployer's private key is read from DEPLOYER_PRIVATE_KEY; the development chain needs none.\n",
    );
    process.exit(2);
  }
  const deployerPrivateKey = process.env.DEPLOYER_PRIVATE_KEY;
  if (deployerPrivateKey !== undefined && !isHex(deployerPrivateKey)) {
    throw new Error("DEPLOYER_PRIVATE_KEY is not a hexadecimal key starting with 0x.");
  }
  const startedAt = performance.now();
  const deployment = await deployContracts({
    rpcUrl: values.rpc,
    operator: getAddress(values.operator),
    guardian: values.guardian ? getAddress(values.guardian) : undefined,
    token: values.token ? getAddress(values.token) : undefined,
    outFile: values.out,
    deployerPrivateKey,
  });
  for (const [name, address] of Object.entries(deployment.contracts)) {
    process.stdout.write(`${name.padEnd(22)}${address}\n`);
  }
  process.stdout.write(`Chain ${deployment.chainId} is ready after ${Math.round(performance.now() - startedAt)} ms.\n`);
}
