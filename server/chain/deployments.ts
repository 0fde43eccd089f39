import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { addressSchema } from "#core/policy/policy.ts";
import { env } from "#server/env.ts";

const deploymentSchema = z.object({
  chainId: z.int().positive(),
  contracts: z
    .object({
      EntryPoint: addressSchema,
      WebAuthnVerifier: addressSchema,
      TestUSD: addressSchema,
      Vault: addressSchema,
      AgentAccountFactory: addressSchema,
      InferenceRegistry: addressSchema,
      RewardsDistributor: addressSchema,
      GasSponsor: addressSchema,
      ComputeEscrow: addressSchema,
    })
    .catchall(addressSchema),
  operator: addressSchema,
  deployedAtBlock: z.coerce.bigint(),
});

/** Where the contracts of one chain are. */
export type Deployment = z.output<typeof deploymentSchema>;

let cached: { path: string; modifiedAtMs: number; deployment: Deployment } | null = null;

/** The file of the installation's own chain, or the committed one of a public chain. */
function findDeploymentFile(chainId: number): string | null {
  const candidates = [
    join(env.CONVERGE_HOME, "deployments", `${chainId}.json`),
    resolve("contracts", "deployments", `${chainId}.json`),
  ];
  return candidates.find((path) => existsSync(path)) ?? null;
}

/** The deployment of the configured chain, read again when its file changes; null before the first deployment. */
export function findDeployment(): Deployment | null {
  const path = findDeploymentFile(env.CHAIN_ID);
  if (!path) return null;
  const modifiedAtMs = statSync(/*turbopackIgnore: true*/ path).mtimeMs;
  if (cached?.path === path && cached.modifiedAtMs === modifiedAtMs) return cached.deployment;
  const parsed = deploymentSchema.safeParse(JSON.parse(readFileSync(/*turbopackIgnore: true*/ path, "utf8")));
  if (!parsed.success) {
    throw new DomainError(
      "DEPLOYMENT_MISSING",
      { message: `The deployment file ${path} is not valid.` },
      { cause: parsed.error },
    );
  }
  if (parsed.data.chainId !== env.CHAIN_ID) {
    throw new DomainError("DEPLOYMENT_MISSING", {
      message: `The deployment file ${path} is of chain ${parsed.data.chainId}.`,
    });
  }
  cached = { path, modifiedAtMs, deployment: parsed.data };
  return parsed.data;
}

export function loadDeployment(): Deployment {
  const deployment = findDeployment();
  if (!deployment) throw new DomainError("DEPLOYMENT_MISSING", { chainId: env.CHAIN_ID });
  return deployment;
}
