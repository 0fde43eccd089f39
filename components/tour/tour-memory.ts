import type { TourMemory } from "./read-tour.ts";

export const STORAGE_KEY = "converge.tour";
const SECRETS: ReadonlySet<string> = new Set(["apiKey"]);

export const EMPTY_TOUR: TourMemory = { records: {}, selected: "sign-in", wantsNewPerson: false, state: [] };

export function saveTour(storage: Pick<Storage, "setItem"> | null, memory: TourMemory): void {
  const { records, selected, wantsNewPerson, state } = memory;
  const kept: TourMemory = { records, selected, wantsNewPerson, state: state.filter(([key]) => !SECRETS.has(key)) };
  try {
    storage?.setItem(STORAGE_KEY, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing still walks; only a reload starts over.
  }
}
