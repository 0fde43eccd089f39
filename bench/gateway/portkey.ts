import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, waitUntil } from "../../scripts/lib/ports.ts";
import { runToEnd, startProgram, stopProgram } from "../../scripts/lib/processes.ts";
import { NODE_FLAGS, root } from "../../scripts/lib/services.ts";
import type { Target } from "./stream.ts";

const VERSION = "1.15.2";
/** Beside the packages of this project and not among them: nobody who starts or tests Converge installs the peer. */
const folder = join(root, "node_modules/.cache/converge/portkey");

async function install(): Promise<string> {
  const program = join(folder, `node_modules/@portkey-ai/gateway/build/start-server.js`);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  const manifest = {
    name: "bench-peer",
    private: true,
    dependencies: { "@portkey-ai/gateway": VERSION },
    // With newer ones every answer of it is a 500: it changes headers that may not be changed (its issue 1389).
    overrides: { "@hono/node-server": "1.13.7" },
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await runToEnd("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: folder, env: process.env });
  return program;
}

/** The peer, in front of the same model server, as its documentation says to run it. */
export async function startPortkey(
  backendUrl: string,
  home: string,
): Promise<{ target: Target; stop: () => Promise<void> }> {
  const program = await install();
  const port = await freePort();
  const running = startProgram(process.execPath, [...NODE_FLAGS, program, `--port=${port}`, "--headless"], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "production" },
    logFile: join(home, "portkey.log"),
  });
  await waitUntil("The peer", () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    ),
  );
  return {
    target: {
      url: `http://127.0.0.1:${port}/v1/chat/completions`,
      headers: {
        authorization: "Bearer none",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": `${backendUrl}/v1`,
      },
      model: "bench",
    },
    stop: () => stopProgram(running, "SIGTERM", 2_000),
  };
}
