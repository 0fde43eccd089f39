/** Told to whoever draws by the theme, after the page has changed. */
export const THEME_EVENT = "themechange";
export const THEME_KEY = "theme";
export const DARK_QUERY = "(prefers-color-scheme: dark)";

/**
 * Keeps the page in the chosen theme, or the system's, from before anything is drawn, so that no page flashes in the
 * other one. It runs as text at the top of the document, where nothing else is loaded yet.
 */
export const THEME_SCRIPT = `(() => {
  const page = document.documentElement, system = matchMedia("${DARK_QUERY}");
  const apply = () => {
    let kept;
    try { kept = localStorage.getItem("${THEME_KEY}"); } catch {}
    page.dataset.still = "";
    page.classList.toggle("dark", kept === "dark" || (kept !== "light" && system.matches));
    requestAnimationFrame(() => requestAnimationFrame(() => delete page.dataset.still));
  };
  apply();
  system.addEventListener("change", apply);
  for (const event of ["storage", "${THEME_EVENT}"]) addEventListener(event, apply);
})()`;
