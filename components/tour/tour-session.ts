"use client";

import { useEffect, useSyncExternalStore } from "react";
import { JOURNEY } from "#core/journey/journey.ts";
import { createBrowserPorts } from "./browser-ports.ts";
import { EMPTY_TOUR, loadTour } from "./tour-memory.ts";
import { createTourStore, type TourSnapshot, type TourStore } from "./tour-store.ts";

const storage = typeof window === "undefined" ? null : window.sessionStorage;
/** One walk a tab: it goes on while the visitor looks at other pages, as each step is a real one. */
const store = createTourStore({
  steps: JOURNEY,
  createPorts: createBrowserPorts,
  storage,
  initial: loadTour(storage),
});
const onServer: TourSnapshot = { ...EMPTY_TOUR, running: null, isAutomatic: false };

export function useTour(): { tour: TourSnapshot; store: TourStore } {
  const tour = useSyncExternalStore(store.subscribe, store.getSnapshot, () => onServer);
  useEffect(() => {
    void store.reconcile();
    window.addEventListener("pagehide", store.save);
    return () => window.removeEventListener("pagehide", store.save);
  }, []);
  return { tour, store };
}
