"use client";

import { useSyncExternalStore } from "react";
import { DARK_QUERY, THEME_EVENT, THEME_KEY } from "./theme-script.ts";

export type Theme = "light" | "dark" | "system";

/** Chosen here, chosen in another tab, or changed by the system; the page itself has followed by then. */
function subscribe(listener: () => void): () => void {
  const system = matchMedia(DARK_QUERY);
  const events = ["storage", THEME_EVENT];
  system.addEventListener("change", listener);
  for (const event of events) window.addEventListener(event, listener);
  return () => {
    system.removeEventListener("change", listener);
    for (const event of events) window.removeEventListener(event, listener);
  };
}

function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(THEME_KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

const isDark = (): boolean => document.documentElement.classList.contains("dark");

export function setTheme(theme: Theme): void {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // A browser that keeps nothing for this page stays in the system's theme.
  }
  window.dispatchEvent(new Event(THEME_EVENT));
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, readTheme, () => "system");

export const useIsDark = (): boolean => useSyncExternalStore(subscribe, isDark, () => false);
