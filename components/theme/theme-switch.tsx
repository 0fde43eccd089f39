"use client";

import { Moon, Sun } from "lucide-react";
import { lazy } from "react";
import { buttonClass } from "../ui/button-class.ts";
import { Opener } from "../ui/opener.tsx";

const ThemeMenu = lazy(() => import("./theme-menu.tsx"));

export function ThemeSwitch() {
  return (
    <Opener
      kind="menu"
      trigger={
        <button type="button" aria-label="Theme" className={buttonClass({ variant: "ghost", size: "icon" })}>
          <Sun aria-hidden className="dark:hidden" />
          <Moon aria-hidden className="hidden dark:block" />
        </button>
      }
    >
      {(popup) => <ThemeMenu {...popup} />}
    </Opener>
  );
}
