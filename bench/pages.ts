import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "../scripts/lib/services.ts";
import { type BenchRow, bounded, round } from "./bench-row.ts";
import { HttpSession } from "./journey/http.ts";

type Route = { path: string; viewer: "stranger" | "user" | "admin"; bound: number };

/** React and the router alone weigh 132 (the last row): nothing hydrated can be lighter than that. */
const PUBLIC_KB = 150;
const CONSOLE_KB = 180;
const FEED_KB = 200;

const ROUTES: readonly Route[] = [
  { path: "/", viewer: "stranger", bound: PUBLIC_KB },
  { path: "/docs", viewer: "stranger", bound: PUBLIC_KB },
  { path: "/verify/balance", viewer: "stranger", bound: CONSOLE_KB },
  { path: "/sign-in", viewer: "stranger", bound: CONSOLE_KB },
  { path: "/tour", viewer: "stranger", bound: CONSOLE_KB },
  { path: "/feed", viewer: "user", bound: FEED_KB },
  ...[
    "/overview",
    "/compute",
    "/agents",
    "/agents/new",
    "/proofs",
    "/rewards",
    "/balance",
    "/developers",
    "/settings",
  ].map((path): Route => ({ path, viewer: "user", bound: CONSOLE_KB })),
  ...["/admin", "/admin/ledger", "/admin/reconciliation", "/admin/adjustments"].map(
    (path): Route => ({ path, viewer: "admin", bound: CONSOLE_KB }),
  ),
];

/** Scripts that a page's HTML starts or asks for ahead; a `nomodule` polyfill reaches no browser of this decade. */
function scriptsOf(html: string): string[] {
  const found = new Set<string>();
  for (const [tag] of html.matchAll(/<(?:script|link)\b[^>]*>/g)) {
    if (/\snomodule\b/i.test(tag)) continue;
    const isScript = tag.startsWith("<script") || /\sas="script"|\srel="modulepreload"/.test(tag);
    const address = /\s(?:src|href)="([^"]+\.js[^"]*)"/.exec(tag)?.[1];
    if (isScript && address) found.add(address.replaceAll("&amp;", "&"));
  }
  return [...found];
}

/** What React and the framework's runtime weigh on every page, whatever is on it; known where the build lies. */
async function frameworkScripts(): Promise<string[]> {
  const manifest = join(root, process.env.NEXT_DIST_DIR ?? ".next", "build-manifest.json");
  const text = await readFile(manifest, "utf8").catch(() => null);
  if (text === null) return [];
  const { rootMainFiles } = JSON.parse(text) as { rootMainFiles?: string[] };
  return (rootMainFiles ?? []).map((file) => `/_next/${file}`);
}

async function sessionOf(baseUrl: string, viewer: Route["viewer"]): Promise<HttpSession> {
  const session = new HttpSession(baseUrl);
  if (viewer !== "stranger") await session.signIn("demo", { account: viewer });
  return session;
}

/** The compressed JavaScript of each page's first load, against a running instance of a production build. */
export async function run(): Promise<BenchRow[]> {
  const baseUrl = process.env.BASE_URL ?? `http://localhost:${process.env.PORT ?? 3000}`;
  const viewers = ["stranger", "user", "admin"] as const;
  const sessions = new Map(
    await Promise.all(viewers.map(async (viewer) => [viewer, await sessionOf(baseUrl, viewer)] as const)),
  );
  const sizes = new Map<string, number>();
  const kilobytesOf = async (scripts: readonly string[]): Promise<number> => {
    let bytes = 0;
    for (const script of scripts) {
      let size = sizes.get(script);
      if (size === undefined) {
        const response = await fetch(new URL(script, baseUrl));
        if (!response.ok) throw new Error(`${script} answered ${response.status}`);
        size = gzipSync(Buffer.from(await response.arrayBuffer())).byteLength;
        sizes.set(script, size);
      }
      bytes += size;
    }
    return round(bytes / 1000);
  };

  const rows: BenchRow[] = [];
  for (const { path, viewer, bound } of ROUTES) {
    const response = await sessions.get(viewer)?.fetch(path);
    if (!response?.ok) throw new Error(`${path} answered ${response?.status}; is an instance running at ${baseUrl}?`);
    const scripts = scriptsOf(await response.text());
    rows.push(bounded(path, await kilobytesOf(scripts), "kB gzip", `<= ${bound}`, `${scripts.length} scripts`));
  }
  const framework = await frameworkScripts();
  if (framework.length > 0) {
    const note = "React and the framework's runtime, part of every page";
    rows.push({ name: "floor", value: await kilobytesOf(framework), unit: "kB gzip", note });
  }
  return rows;
}
