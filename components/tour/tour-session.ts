"use client";

import { useEffect, useSyncExternalStore } from "react";
import { EMPTY_TOUR } from "./tour-memory.ts";
import { createTourStore, type TourSnapshot, type TourStore } from "./tour-store.ts";

const storage = typeof window === "undefined" ? null : window.sessionStorage;
/** One walk a tab: it goes on while the visitor looks at other pages, as each step is a real one. */
const store = createTourStore({ loadWalk: () => import("./tour-walk.ts").then(({ walk }) => walk), storage });
const onServer: TourSnapshot = { ...EMPTY_TOUR, running: null, isAutomatic: false };

export function useTour(): { tour: TourSnapshot; store: TourStore } {
  const tour = useSyncExternalStore(store.subscribe, store.getSnapshot, () => onServer);
  useEffect(() => {
    void store.resume();
    window.addEventListener("pagehide", store.save);
    return () => window.removeEventListener("pagehide", store.save);
  }, []);
  return { tour, store };
}
