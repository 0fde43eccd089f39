import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

const SCRIPT = join(process.cwd(), "node_modules/@scalar/api-reference/dist/browser/standalone.js");

/** The API reference: one page, one script of ours, nothing from elsewhere. */
export function referencePage(): Response {
  const configuration = {
    url: "/api/v1/openapi.json",
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: "never",
    defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
    hiddenClients: {
      c: true,
      clojure: true,
      csharp: true,
      dart: true,
      fsharp: true,
      java: true,
      kotlin: true,
      objc: true,
      ocaml: true,
      powershell: true,
      r: true,
      swift: true,
    },
    metaData: { title: "API reference · Converge" },
  };
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference · Converge</title>
<style>
  body { margin: 0; font-family: ui-sans-serif, system-ui, sans-serif; }
  .light-mode, .dark-mode { --scalar-font: ui-sans-serif, system-ui, sans-serif; --scalar-radius: 8px; --scalar-radius-lg: 8px; }
  .light-mode { --scalar-color-accent: #2f5fd0; }
  .dark-mode { --scalar-color-accent: #8fb0ff; }
  .back { position: fixed; right: 16px; bottom: 16px; z-index: 50; padding: 8px 12px; border-radius: 8px; font-size: 13px; text-decoration: none;
    color: #1a1c20; background: #fff; border: 1px solid #d9dce2; }
</style>
</head>
<body>
<main id="reference"></main>
<a class="back" href="/docs">Back to Converge</a>
<script src="/docs/api/reference.js"></script>
<script>Scalar.createApiReference("#reference", ${JSON.stringify(configuration)});</script>
</body>
</html>`;
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" } });
}

/** The reference's script, from the installed package. */
export async function referenceScript(): Promise<Response> {
  const { size, mtimeMs } = await stat(SCRIPT);
  return new Response(Readable.toWeb(createReadStream(SCRIPT)) as ReadableStream, {
    headers: {
      "content-type": "text/javascript; charset=utf-8",
      "content-length": String(size),
      etag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
      "cache-control": "public, max-age=86400",
    },
  });
}
