import { randomBytes } from "node:crypto";
import { access, constants, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commandLine, isAlive, stopOrphan } from "./processes.ts";

type Instance = { supervisor: number; address: string; processes: Record<string, number> };

const instanceFile = (home: string) => join(home, "instance.json");

async function readInstance(home: string): Promise<Instance | null> {
  try {
    return JSON.parse(await readFile(instanceFile(home), "utf8")) as Instance;
  } catch {
    return null;
  }
}

const looksLikeOurs = async (pid: number, part: string) =>
  isAlive(pid) && ((await commandLine(pid)) ?? part).includes(part);

/** Makes sure the folder can be written and nobody else runs from it; ends what a killed run left behind. */
export async function claimHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true });
    await access(home, constants.W_OK);
  } catch (cause) {
    throw new Error(
      `The folder ${home} cannot be written. Give yourself the right to, or set CONVERGE_HOME to a folder of your own.`,
      { cause },
    );
  }
  const found = await readInstance(home);
  if (!found) return;
  if (await looksLikeOurs(found.supervisor, "scripts/lib/start.ts")) {
    throw new Error(
      `Converge already runs from this folder (process ${found.supervisor}, ${found.address}). Stop it with Ctrl-C in its terminal, or set CONVERGE_HOME and PORT for a second one.`,
    );
  }
  for (const [name, pid] of Object.entries(found.processes)) {
    if (await looksLikeOurs(pid, "main.ts")) {
      process.stdout.write(`  ending ${name}, left over from a run that was killed\n`);
      await stopOrphan(pid, "SIGTERM", 3_000);
    }
  }
  await rm(instanceFile(home), { force: true });
}

export async function recordInstance(home: string, address: string, processes: Record<string, number>): Promise<void> {
  const instance: Instance = { supervisor: process.pid, address, processes };
  await writeFile(instanceFile(home), JSON.stringify(instance));
}

export type Connections = { DATABASE_URL: string; CHAIN_RPC_URL: string };
const connectionsFile = (home: string) => join(home, "connections.json");

/** Where database and chain of the running instance are, for commands beside it; readable by its owner alone. */
export const recordConnections = (home: string, connections: Connections) =>
  writeFile(connectionsFile(home), JSON.stringify(connections), { mode: 0o600 });

/** Null when nothing runs from this folder. */
export const readConnections = async (home: string): Promise<Connections | null> =>
  readFile(connectionsFile(home), "utf8").then(
    (text) => JSON.parse(text) as Connections,
    () => null,
  );

export async function forgetInstance(home: string): Promise<void> {
  await rm(connectionsFile(home), { force: true });
  await rm(instanceFile(home), { force: true });
}

/** The secret that seals session cookies: made once for an installation, kept beside its data. */
export async function installationSecret(home: string): Promise<string> {
  const file = join(home, "auth-secret");
  const found = await readFile(file, "utf8").catch(() => null);
  if (found) return found.trim();
  const made = randomBytes(32).toString("base64url");
  await writeFile(file, made, { mode: 0o600 });
  return made;
}
