import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, DriverAdapterError } from "@prisma/driver-adapter-utils";
import type { DiffTarget, SchemaEngine as Engine, MigrationList } from "@prisma/schema-engine-wasm";
// The package's main entry loads its WebAssembly the way bundlers do; Node instantiates the parts by hand.
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";

const root = resolve(import.meta.dirname, "..", "..");
const migrationsDirectory = join(root, "prisma", "migrations");
const NO_FILTER = { externalTables: [], externalEnums: [] };

type Bindings = { __wbg_set_wasm(exports: WebAssembly.Exports): void; SchemaEngine: typeof Engine };

let loaded: Promise<Bindings> | undefined;

function loadEngine(): Promise<Bindings> {
  loaded ??= (async () => {
    const glue = bindings as unknown as Bindings & WebAssembly.ModuleImports;
    const file = createRequire(import.meta.url)
      .resolve("@prisma/schema-engine-wasm")
      .replace(/schema_engine\.js$/, "schema_engine_bg.wasm");
    const { instance } = await WebAssembly.instantiate(await readFile(file), { "./schema_engine_bg.js": glue });
    glue.__wbg_set_wasm(instance.exports);
    (instance.exports.__wbindgen_start as () => void)();
    return glue;
  })();
  return loaded;
}

async function readSchema(): Promise<[name: string, text: string][]> {
  const directory = join(root, "prisma", "schema");
  const names = (await readdir(directory)).filter((name) => name.endsWith(".prisma")).sort();
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [join(directory, name), await readFile(join(directory, name), "utf8")],
    ),
  );
}

async function readMigrations(): Promise<MigrationList> {
  const entries = await readdir(migrationsDirectory, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return {
    baseDir: migrationsDirectory,
    lockfile: {
      path: "./migration_lock.toml",
      content: await readFile(join(migrationsDirectory, "migration_lock.toml"), "utf8"),
    },
    shadowDbInitScript: "",
    migrationDirectories: await Promise.all(
      names.map(async (name) => ({
        path: name,
        migrationFile: {
          path: "migration.sql",
          content: {
            tag: "ok" as const,
            value: await readFile(join(migrationsDirectory, name, "migration.sql"), "utf8"),
          },
        },
      })),
    ),
  };
}

// The adapter cuts scripts at every semicolon, which ends function bodies early; Postgres itself takes them whole.
class WholeScriptAdapterFactory extends PrismaPg {
  override async connect() {
    return sendScriptsWhole(await super.connect());
  }

  override async connectToShadowDb() {
    return sendScriptsWhole(await super.connectToShadowDb());
  }
}

function sendScriptsWhole<Adapter extends Awaited<ReturnType<PrismaPg["connect"]>>>(adapter: Adapter): Adapter {
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const { code = "XX000", severity = "ERROR", message, detail, column, hint } = error;
      throw new DriverAdapterError({ kind: "postgres", code, severity, message, detail, column, hint });
    }
  };
  return adapter;
}

async function withEngine<Result>(databaseUrl: string, work: (engine: Engine) => Promise<Result>): Promise<Result> {
  const { SchemaEngine } = await loadEngine();
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScriptAdapterFactory({ connectionString: databaseUrl }));
  const engine = await SchemaEngine.new({ datamodels: await readSchema() }, () => undefined, adapter);
  try {
    return await work(engine);
  } finally {
    engine.free();
  }
}

/** Applies the migrations the database lacks, recorded as `prisma migrate deploy` records them. */
export async function applyMigrations(databaseUrl: string): Promise<string[]> {
  const migrationsList = await readMigrations();
  const { appliedMigrationNames } = await withEngine(databaseUrl, (engine) =>
    engine.applyMigrations({ migrationsList, filters: NO_FILTER }),
  );
  return appliedMigrationNames;
}

/** What the migrations amount to, as a schema: the next migration is the difference to it. */
const snapshotFile = join(migrationsDirectory, "migrated-schema.prisma");

const writeSnapshot = (files: { content: string }[]) =>
  writeFile(
    snapshotFile,
    `// Written with each migration; not to be edited.\n\n${files.map(({ content }) => content).join("\n")}`,
  );

function difference(databaseUrl: string, from: DiffTarget, to: { path: string; content: string }[]): Promise<string> {
  return withEngine(databaseUrl, async (engine) => {
    const target: DiffTarget = { tag: "schemaDatamodel", files: to };
    const { stdout } = await engine.diff({ from, to: target, script: true, exitCode: null, filters: NO_FILTER });
    return stdout ?? "";
  });
}

const schemaFiles = async () => (await readSchema()).map(([path, content]) => ({ path, content }));

/** The SQL from what the migrations say to what the schema says; null when they agree. */
async function pendingChanges(databaseUrl: string, files: { path: string; content: string }[]): Promise<string | null> {
  const migrated = [{ path: snapshotFile, content: await readFile(snapshotFile, "utf8") }];
  const script = await difference(databaseUrl, { tag: "schemaDatamodel", files: migrated }, files);
  return /^[A-Z]/m.test(script) ? script : null;
}

/** What the schema says and no migration does; null when they agree. */
export const missingMigration = async (databaseUrl: string): Promise<string | null> =>
  pendingChanges(databaseUrl, await schemaFiles());

/**
 * Writes a migration from what the migrations say to what the schema says; null when they agree.
 *
 * The engine would find out what the migrations say in a second, empty database, through a door that its WebAssembly
 * does not have; the snapshot written with the last migration says the same. What a schema cannot say (functions,
 * triggers, partial indexes) is on neither side and stays as it is.
 */
export async function writeMigration(databaseUrl: string, name: string): Promise<string | null> {
  const files = await schemaFiles();
  const script = await pendingChanges(databaseUrl, files);
  if (script === null) return null;
  const stamp = new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14);
  const directory = join(migrationsDirectory, `${stamp}_${name.replaceAll(/[^a-z0-9]+/gi, "_").toLowerCase()}`);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "migration.sql"), script);
  await writeSnapshot(files);
  return directory;
}
