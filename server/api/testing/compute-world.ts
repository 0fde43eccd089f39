import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { newId } from "#core/ids.ts";
import { createJoinToken } from "#server/compute/create-join-token.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { ensureAccounts, ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";

const root = resolve(import.meta.dirname, "../../..");

/** A person with money and a key. */
export async function newPerson(
  units: bigint,
  roles: Actor["roles"] = ["user"],
): Promise<{ actor: Actor; key: string; account: string }> {
  const userId = newId("user");
  await db.user.create({ data: { id: userId, name: "Test person", roles } });
  const actor: Actor = { userId, roles, via: "session", scopes: [] };
  const account = `user:${userId}`;
  await ensurePlatformAccounts();
  await ensureAccounts(sqlOf(pool), [{ code: account, asset: "USD", ownerId: userId }]);
  if (units > 0n) {
    await postTransfers([
      {
        key: `test-fund:${userId}`,
        debit: "platform:external",
        credit: account,
        amount: units,
        asset: "USD",
        kind: "test",
      },
    ]);
  }
  const { token } = await createApiKey(actor, { name: "test", scopes: ["inference:write"] });
  return { actor, key: token, account };
}

/** Waits for something that another process will make true; fails with its name when it does not. */
export async function eventually<Result>(what: string, look: () => Promise<Result | null | false>): Promise<Result> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const result = await look();
    if (result !== null && result !== false) return result;
    if (Date.now() > deadline) throw new Error(`${what} did not happen.`);
    await new Promise((resume) => setTimeout(resume, 40));
  }
}

export type NodeProgram = {
  child: ChildProcess;
  stateDir: string;
  nodeId: string;
  lines: string[];
  /** Ends it at once and takes it out of the market, so that later tests do not meet it. */
  kill: () => Promise<void>;
};

/** Arguments that say what a node serves; without one, tests want the model that is shipped. */
const SERVES = /^--(gguf|openai-base-url|embedded)$/;
/** A model server that a test holds back would not get past a self-test. */
const servingOf = (args: readonly string[]): string[] => {
  if (!args.some((arg) => SERVES.test(arg))) return ["--embedded"];
  return args.includes("--openai-base-url") ? ["--skip-self-test"] : [];
};

/** Starts the node program itself, joins it for real and waits until it is online. */
export async function startNode(
  provider: Actor,
  url: string,
  args: string[] = [],
  again?: { stateDir?: string; isTested?: boolean },
): Promise<NodeProgram> {
  const stateDir = again?.stateDir ?? (await mkdtemp(join(tmpdir(), "converge-node-")));
  const token = again?.stateDir ? [] : ["--token", (await createJoinToken(provider)).token];
  const child = spawn(
    process.execPath,
    [
      join(root, "gpu-node/main.ts"),
      "--url",
      url,
      "--state-dir",
      stateDir,
      "--name",
      "test",
      ...token,
      ...(again?.isTested ? [] : servingOf(args)),
      ...args,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  const nodeId = await eventually("The node's start", async () => {
    if (child.exitCode !== null) throw new Error(`The node ended: ${lines.join("\n")}`);
    const id = lines.map((line) => /(?:Joined|Back) as (node_\w+)/.exec(line)?.[1]).find((found) => found);
    return id && lines.some((line) => line.includes("Waiting for work")) ? id : null;
  });
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await db.computeNode.updateMany({ where: { id: nodeId }, data: { status: "removed" } });
    await rm(stateDir, { recursive: true, force: true });
  };
  return { child, stateDir, nodeId, lines, kill };
}

export type ModelServer = {
  url: string;
  /** How many requests are being answered, and how many clients hung up before the end. */
  readonly open: number;
  readonly left: number;
  /** Says a piece in every open answer. */
  say: (text: string) => void;
  /** Ends every open answer, and every later one after its first piece. */
  finish: (text: string) => void;
  /** Answers every request with this status from now on. */
  fail: (status: number) => void;
  close: () => Promise<void>;
};

/** A model server in OpenAI's form whose answers go exactly as far as the test lets them. */
export async function startModelServer(): Promise<ModelServer> {
  const open = new Set<ServerResponse>();
  let left = 0;
  let failing = 0;
  let ending: string | null = null;
  const write = (response: ServerResponse, delta: string, finish: string | null) =>
    response.write(
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: delta }, finish_reason: finish }] })}\n\n`,
    );
  const end = (response: ServerResponse, text: string) => {
    write(response, text, "stop");
    response.end("data: [DONE]\n\n");
  };
  const server = createServer((request, response) => {
    request.resume();
    if (failing > 0) return void response.writeHead(failing).end();
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (ending !== null) return end(response, ending);
    response.flushHeaders();
    open.add(response);
    response.once("close", () => {
      open.delete(response);
      if (!response.writableFinished) left += 1;
    });
  });
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get open() {
      return open.size;
    },
    get left() {
      return left;
    },
    say: (text) => {
      for (const response of open) write(response, text, null);
    },
    finish: (text) => {
      ending = text;
      for (const response of [...open]) end(response, text);
    },
    fail: (status) => {
      failing = status;
    },
    close: () =>
      new Promise((resume) => {
        server.close(() => resume());
        server.closeAllConnections();
      }),
  };
}

/** A second web process over the same database. */
export async function startReplica(): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [join(root, "server/api/testing/serve-doors.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resume, reject) => {
    createInterface({ input: child.stdout }).once("line", resume);
    child.once("exit", () => reject(new Error("The second web process ended at once.")));
  });
  return {
    url,
    stop: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
