import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

const SCRIPT = join(process.cwd(), "node_modules/@scalar/api-reference/dist/browser/standalone.js");

/**
 * Every element of the reference gives its colour a transition, which for a page of inherited colours is one transition
 * after the other, level by level: whoever wants no motion gets none. The first layer wins among what is important.
 */
const NO_MOTION = `
  @layer no-motion { @media (prefers-reduced-motion: reduce) { *, *::before, *::after { transition: none !important; } } }`;

/** The palette of app/globals.css in the reference's own variables; every pair of them is readable (AA) in both modes. */
const STYLE = `
  body { margin: 0; font-family: ui-sans-serif, system-ui, sans-serif; --scalar-custom-header-height: 48px; }
  .light-mode, .dark-mode { --scalar-font: ui-sans-serif, system-ui, sans-serif; --scalar-radius: 8px; --scalar-radius-lg: 8px; }
  .light-mode {
    --scalar-background-1: #ffffff; --scalar-background-2: #fafaf8; --scalar-background-3: #f3f3f0; --scalar-border-color: #e5e4df;
    --scalar-color-1: #161613; --scalar-color-2: #51504b; --scalar-color-3: #5f5e58; --scalar-color-accent: #2459d6;
    --scalar-color-green: #2c7320; --scalar-color-red: #bb2419; --scalar-color-blue: #2459d6; --scalar-color-orange: #a8440a;
    --scalar-color-yellow: #8a5300; --scalar-color-purple: #7043d0;
  }
  .dark-mode {
    --scalar-background-1: #151513; --scalar-background-2: #1d1d1a; --scalar-background-3: #2a2a26; --scalar-border-color: #2a2a26;
    --scalar-color-1: #f1f0ec; --scalar-color-2: #b5b3ab; --scalar-color-3: #a3a199; --scalar-color-accent: #7fabff;
    --scalar-color-green: #82c963; --scalar-color-red: #ff8578; --scalar-color-blue: #7fabff; --scalar-color-orange: #f0965f;
    --scalar-color-yellow: #e6ad4a; --scalar-color-purple: #b79cff;
  }
  .light-mode .sidebar, .dark-mode .sidebar {
    --scalar-sidebar-background-1: var(--scalar-background-1); --scalar-sidebar-color-1: var(--scalar-color-1);
    --scalar-sidebar-color-2: var(--scalar-color-2); --scalar-sidebar-search-color: var(--scalar-color-3);
    --scalar-sidebar-search-background: var(--scalar-background-2);
  }
  .bar {
    position: sticky; top: 0; z-index: 20; display: flex; gap: 20px; align-items: center; box-sizing: border-box; height: 48px; padding: 0 24px;
    font-size: 14px; background: var(--scalar-background-1, Canvas); border-bottom: 1px solid var(--scalar-border-color, #e5e4df);
  }
  .bar a { color: var(--scalar-color-2, CanvasText); text-decoration: none; border-radius: 4px; }
  .bar a:first-child { font-weight: 600; color: var(--scalar-color-1, CanvasText); }
  .bar a:hover { text-decoration: underline; text-underline-offset: 4px; }`;

/**
 * The reference's copy buttons hide their name, its lists scroll but take no focus, and all its examples are landmarks of
 * one name: each is mended as it appears.
 */
const MEND_THE_REFERENCE = `
new MutationObserver(() => {
  for (const button of document.querySelectorAll("button.scalar-code-copy:not([aria-label])")) button.setAttribute("aria-label", "Copy");
  for (const list of document.querySelectorAll("ul.endpoints:not([tabindex])")) list.tabIndex = 0;
  for (const example of document.querySelectorAll('.response-card[role="region"]')) example.setAttribute("role", "group");
}).observe(document.body, { childList: true, subtree: true });`;

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
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<style>${NO_MOTION}${STYLE}</style>
</head>
<body>
<nav class="bar" aria-label="Converge"><a href="/">Converge</a><a href="/docs">Documentation</a></nav>
<div id="reference"></div>
<script src="/docs/api/reference.js"></script>
<script>
const theme = localStorage.getItem("theme");
const forced = theme === "light" || theme === "dark" ? { forceDarkModeState: theme } : {};
// Set before the reference is drawn: were it drawn light and then turned, text would stay dark on dark for moments.
const isDark = forced.forceDarkModeState ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.body.classList.add(isDark ? "dark-mode" : "light-mode");
${MEND_THE_REFERENCE}
Scalar.createApiReference("#reference", { ...${JSON.stringify(configuration)}, ...forced });
</script>
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
