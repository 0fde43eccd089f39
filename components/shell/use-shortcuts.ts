import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { navigationFor } from "./navigation.ts";

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Command-K opens the palette anywhere; G and a letter goes to a page when nothing is being typed. */
export function useShortcuts(roles: readonly string[], openPalette: () => void): void {
  const router = useRouter();
  useEffect(() => {
    let isAfterG = false;
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openPalette();
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (isAfterG) {
        const item = navigationFor(roles)
          .flatMap((group) => group.items)
          .find((candidate) => candidate.key === event.key.toLowerCase());
        if (item) router.push(item.href);
      }
      isAfterG = event.key === "g";
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [roles, openPalette, router]);
}
