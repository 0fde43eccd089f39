import type { JourneyPorts } from "#core/journey/ports.ts";
import { type JourneyState, type JourneyStep, runStep } from "#core/journey/walk.ts";
import { meSchema } from "#core/schemas/identity.ts";
import type { Observer } from "./browser-ports.ts";
import { type Call, EMPTY_TOUR, saveTour, type TourMemory } from "./tour-memory.ts";

type Running = { name: string; calls: readonly Call[]; answer: string };

export type TourSnapshot = TourMemory & {
  /** The step in progress, with what it has done so far. */
  running: Running | null;
  isAutomatic: boolean;
};

export type TourStore = ReturnType<typeof createTourStore>;
type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem"> | null;
type Options = {
  steps: readonly JourneyStep[];
  createPorts: (observer: Observer) => JourneyPorts;
  storage: Storage;
  initial: TourMemory;
};

/** One visitor's walk: which steps are done, with what; it outlives the page's views and survives a reload. */
export function createTourStore({ steps, createPorts, storage, initial }: Options) {
  let snapshot: TourSnapshot = { ...initial, running: null, isAutomatic: false };
  const state: JourneyState = new Map(initial.state);
  const listeners = new Set<() => void>();

  const update = (change: Partial<TourSnapshot>): void => {
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  };
  const updateRunning = (change: (running: Running) => Partial<Running>): void => {
    if (snapshot.running) update({ running: { ...snapshot.running, ...change(snapshot.running) } });
  };
  const save = (): void => saveTour(storage, { ...snapshot, state: [...state] });

  const ports = createPorts({
    called: (method, path, status, ms) =>
      updateRunning(({ calls }) => ({ calls: withCall(calls, { method, path, status, ms, times: 1 }) })),
    answered: (text) => updateRunning(({ answer }) => ({ answer: answer + text })),
    wantsNewPerson: () => snapshot.wantsNewPerson,
    // A walk of somebody made for it starts over as somebody new.
    madePerson: () => update({ wantsNewPerson: true }),
  });

  async function run(step: JourneyStep): Promise<boolean> {
    const { [step.name]: _earlier, ...records } = snapshot.records;
    update({ records, running: { name: step.name, calls: [], answer: "" }, selected: step.name });
    const result = await runStep(step, ports, state);
    const { calls = [], answer = "" } = snapshot.running ?? {};
    update({ records: { ...records, [step.name]: { ...result, calls: [...calls], answer } }, running: null });
    save();
    return result.ok;
  }

  const restart = (wantsNewPerson: boolean): void => {
    if (snapshot.running) return;
    state.clear();
    update({ ...EMPTY_TOUR, wantsNewPerson });
    save();
  };
  const next = (): JourneyStep | undefined => steps.find(({ name }) => snapshot.records[name]?.ok !== true);

  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: () => snapshot,
    save,
    select: (name: string) => update({ selected: name }),
    /** Runs the step that comes next, or the one that failed once more. */
    runNext: async (): Promise<void> => {
      const step = next();
      if (step && !snapshot.running) await run(step);
    },
    /** Runs what is left, one step after the other, until one fails or the visitor stops it. */
    runRest: async (): Promise<void> => {
      if (snapshot.running) return;
      update({ isAutomatic: true });
      for (let step = next(); step && snapshot.isAutomatic; step = next()) {
        if (!(await run(step))) break;
      }
      update({ isAutomatic: false });
    },
    /** The step in progress ends by itself; the one after it waits for the visitor. */
    stopAfterThis: () => update({ isAutomatic: false }),
    restart,
    /** Results of somebody who is no longer signed in here are put away. */
    reconcile: async (): Promise<void> => {
      const userId = state.get("userId");
      if (snapshot.running || userId === undefined) return;
      const answer = await ports.request({ method: "GET", path: "/api/v1/me" }).catch(() => null);
      // A visitor who started over while the answer was on its way has nothing left to put away.
      if (answer === null || answer.status >= 500 || state.get("userId") !== userId) return;
      if (answer.status >= 400 || meSchema.safeParse(answer.body).data?.id !== userId) restart(false);
    },
  };
}

/** Asking the same again and again is one line that counts. */
function withCall(calls: readonly Call[], call: Call): readonly Call[] {
  const at = calls.findLastIndex(({ method, path }) => method === call.method && path === call.path);
  const same = calls[at];
  const isPoll = same !== undefined && call.method === "GET" && at >= calls.length - 2;
  if (!isPoll) return [...calls, call];
  return calls.with(at, { ...call, times: same.times + 1, ms: same.ms + call.ms });
}
