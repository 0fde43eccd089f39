import type { JourneyPorts } from "#core/journey/ports.ts";
import type { JourneyState, JourneyStep, runStep } from "#core/journey/walk.ts";
import type { Observer } from "./browser-ports.ts";
import type { Call, loadTour, TourMemory } from "./read-tour.ts";
import { EMPTY_TOUR, STORAGE_KEY, saveTour } from "./tour-memory.ts";

type Running = { name: string; calls: readonly Call[]; answer: string };

export type TourSnapshot = TourMemory & {
  /** The step in progress, with what it has done so far. */
  running: Running | null;
  isAutomatic: boolean;
};

export type Walk = {
  steps: readonly JourneyStep[];
  createPorts: (observer: Observer) => JourneyPorts;
  runStep: typeof runStep;
  readMemory: typeof loadTour;
  readUserId: (me: unknown) => string | undefined;
};

export type TourStore = ReturnType<typeof createTourStore>;
type Storage = Pick<globalThis.Storage, "getItem" | "setItem"> | null;
type Options = { loadWalk: () => Promise<Walk>; storage: Storage };

/** One visitor's walk: which steps are done, with what; it outlives the page's views and survives a reload. */
export function createTourStore({ loadWalk, storage }: Options) {
  let snapshot: TourSnapshot = { ...EMPTY_TOUR, running: null, isAutomatic: false };
  const state: JourneyState = new Map();
  const listeners = new Set<() => void>();

  const update = (change: Partial<TourSnapshot>): void => {
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  };
  const updateRunning = (change: (running: Running) => Partial<Running>): void => {
    if (snapshot.running) update({ running: { ...snapshot.running, ...change(snapshot.running) } });
  };
  const save = (): void => saveTour(storage, { ...snapshot, state: [...state] });

  const observer: Observer = {
    called: (method, path, status, ms) =>
      updateRunning(({ calls }) => ({ calls: withCall(calls, { method, path, status, ms, times: 1 }) })),
    answered: (text) => updateRunning(({ answer }) => ({ answer: answer + text })),
    wantsNewPerson: () => snapshot.wantsNewPerson,
    // A walk of somebody made for it starts over as somebody new.
    madePerson: () => update({ wantsNewPerson: true }),
  };

  const hasMemory = (): boolean => Boolean(storage?.getItem(STORAGE_KEY));
  /** The walk, with what an earlier load of the page remembered of it already in its place. */
  async function open() {
    const walk = await loadWalk();
    if (hasMemory()) {
      const memory = walk.readMemory(storage);
      for (const [key, value] of memory.state) state.set(key, value);
      update(memory);
    }
    return { ...walk, ports: walk.createPorts(observer) };
  }
  let opened: ReturnType<typeof open> | null = null;
  const prepare = () => {
    opened ??= open().catch((error: unknown) => {
      // A connection that broke may be back at the next press.
      opened = null;
      throw error;
    });
    return opened;
  };

  async function run(step: JourneyStep): Promise<boolean> {
    const walk = await prepare();
    const { [step.name]: _earlier, ...records } = snapshot.records;
    update({ records, running: { name: step.name, calls: [], answer: "" }, selected: step.name });
    const result = await walk.runStep(step, walk.ports, state);
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
  const findNext = async (): Promise<JourneyStep | undefined> => {
    const { steps } = await prepare();
    return steps.find(({ name }) => snapshot.records[name]?.ok !== true);
  };

  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: () => snapshot,
    save,
    prepare,
    select: (name: string) => update({ selected: name }),
    /** Runs the step that comes next, or the one that failed once more. */
    runNext: async (): Promise<void> => {
      const step = await findNext();
      if (step && !snapshot.running) await run(step);
    },
    /** Runs what is left, one step after the other, until one fails or the visitor stops it. */
    runRest: async (): Promise<void> => {
      if (snapshot.running || snapshot.isAutomatic) return;
      update({ isAutomatic: true });
      for (let step = await findNext(); step && snapshot.isAutomatic; step = await findNext()) {
        if (!(await run(step))) break;
      }
      update({ isAutomatic: false });
    },
    /** The step in progress ends by itself; the one after it waits for the visitor. */
    stopAfterThis: () => update({ isAutomatic: false }),
    restart,
    /** Goes on where an earlier load of the page stopped, unless somebody else is signed in here by now. */
    resume: async (): Promise<void> => {
      if (!hasMemory()) return;
      const { ports, readUserId } = await prepare();
      const userId = state.get("userId");
      if (snapshot.running || userId === undefined) return;
      const answer = await ports.request({ method: "GET", path: "/api/v1/me" }).catch(() => null);
      // A visitor who started over while the answer was on its way has nothing left to put away.
      if (answer === null || answer.status >= 500 || state.get("userId") !== userId) return;
      if (answer.status >= 400 || readUserId(answer.body) !== userId) restart(false);
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
