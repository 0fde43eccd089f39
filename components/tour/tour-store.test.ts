import { expect, test } from "vitest";
import { JOURNEY } from "#core/journey/journey.ts";
import type { JourneyPorts } from "#core/journey/ports.ts";
import { type JourneyStep, runStep } from "#core/journey/walk.ts";
import { meSchema } from "#core/schemas/identity.ts";
import type { Observer } from "./browser-ports.ts";
import { CHAPTERS } from "./chapters.ts";
import { loadTour } from "./read-tour.ts";
import { fillText, STEP_FACTS } from "./step-facts.ts";
import { STEP_WORDS } from "./step-words.ts";

import { createTourStore } from "./tour-store.ts";

/** A tab's storage, in a map. */
function createStorage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

const step = (name: string, run: JourneyStep["run"]): JourneyStep => ({ name, title: name, behind: name, run });

function createStore(steps: readonly JourneyStep[], userId = "usr_1") {
  const storage = createStorage();
  const observers: Observer[] = [];
  const createPorts = (observer: Observer): JourneyPorts => {
    observers.push(observer);
    const person = { object: "user", id: userId, name: "Ada", roles: [], demoName: null, passkeys: [], wallets: [] };
    return {
      request: () =>
        Promise.resolve({
          status: 200,
          headers: new Headers(),
          body: { ...person, createdAt: new Date(0).toISOString() },
        }),
      open: () => Promise.resolve(new Response()),
      signIn: () => Promise.resolve(),
      approve: () => Promise.resolve({ kind: "wallet", signature: "0x" }),
    };
  };
  const readUserId = (me: unknown) => meSchema.safeParse(me).data?.id;
  const loadWalk = () => Promise.resolve({ steps, createPorts, runStep, readMemory: loadTour, readUserId });
  const store = createTourStore({ loadWalk, storage });
  return { store, storage, observer: () => observers[0] as Observer };
}

test("a failed step stops the walk and is the one tried again", async () => {
  let attempts = 0;
  const { store } = createStore([
    step("first", async () => ({ amount: "$1" })),
    step("second", async () => {
      attempts += 1;
      if (attempts === 1) throw new Error("not yet");
      return {};
    }),
    step("third", async () => ({})),
  ]);
  await store.runRest();
  expect(Object.values(store.getSnapshot().records).map(({ ok }) => ok)).toEqual([true, false]);
  expect(store.getSnapshot()).toMatchObject({ running: null, isAutomatic: false, selected: "second" });
  await store.runNext();
  expect(store.getSnapshot().records.second?.ok).toBe(true);
  expect(store.getSnapshot().records.third).toBeUndefined();
});

test("the visitor can stop the walk after the step in progress", async () => {
  const { store } = createStore([
    step("first", async () => {
      store.stopAfterThis();
      return {};
    }),
    step("second", async () => ({})),
  ]);
  await store.runRest();
  expect(Object.keys(store.getSnapshot().records)).toEqual(["first"]);
});

test("what finished survives a reload, and a key does not", async () => {
  const { store, storage } = createStore([
    step("first", async (_ports, state) => {
      state.set("agentId", "agt_1");
      state.set("apiKey", "cvg_secret");
      return { agent: "agt_1" };
    }),
  ]);
  await store.runNext();
  const memory = loadTour(storage);
  expect(memory.records.first).toMatchObject({ ok: true, receipt: { agent: "agt_1" } });
  expect(memory.state).toEqual([["agentId", "agt_1"]]);
});

test.each([
  ["the same person", "usr_1", 1],
  ["somebody else", "usr_2", 0],
])("results stay for %s and only for them", async (_who, signedInAs, kept) => {
  const { store } = createStore(
    [
      step("sign-in", async (_ports, state) => {
        state.set("userId", "usr_1");
        return {};
      }),
    ],
    signedInAs,
  );
  await store.runNext();
  await store.resume();
  expect(Object.keys(store.getSnapshot().records)).toHaveLength(kept);
});

test("asking for the same again counts; a change is always a line of its own", async () => {
  const { store, observer } = createStore([
    step("first", async () => {
      observer().called("POST", "/pay", 200, 5);
      for (const ms of [1, 2, 3]) observer().called("GET", "/status", 200, ms);
      observer().called("POST", "/pay", 403, 5);
      return {};
    }),
  ]);
  await store.runNext();
  expect(store.getSnapshot().records.first?.calls).toEqual([
    { method: "POST", path: "/pay", status: 200, ms: 5, times: 1 },
    { method: "GET", path: "/status", status: 200, ms: 6, times: 3 },
    { method: "POST", path: "/pay", status: 403, ms: 5, times: 1 },
  ]);
});

test("every step of the journey has its chapter, its words and its facts, in the journey's order", () => {
  const names = JOURNEY.map(({ name }) => name);
  expect(CHAPTERS.flatMap(({ steps }) => steps)).toEqual(names);
  expect(Object.keys(STEP_WORDS)).toEqual(names);
  expect(Object.keys(STEP_FACTS)).toEqual(names);
});

test("a text shows what is known and leaves the rest open", () => {
  expect(fillText("{events} events, {credited}", { events: 1200 })).toBe("1,200 events, …");
});
