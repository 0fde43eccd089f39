"use client";

import { Moon, Sun } from "lucide-react";
import { buttonClass } from "../ui/button-class.ts";
import { setTheme, useIsDark } from "./theme.ts";

/** Light or dark with one press; until then the system decides. Public pages get by without a menu's weight. */
export function ThemeToggle() {
  const isDark = useIsDark();
  return (
    <button
      type="button"
      aria-label="Switch between light and dark"
      onClick={() => setTheme(isDark ? "light" : "dark")}
      className={buttonClass({ variant: "ghost", size: "icon" })}
    >
      <Sun aria-hidden className="dark:hidden" />
      <Moon aria-hidden className="hidden dark:block" />
    </button>
  );
}
