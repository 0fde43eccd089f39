import { setTimeout as sleep } from "node:timers/promises";
import { countTokens } from "#core/token-count.ts";
import { eventually, newPerson, startModelServer, startNode } from "#server/api/testing/compute-world.ts";
import { db } from "#server/db.ts";
import { type BenchRow, bounded, median, percentile, round } from "../../bench-row.ts";
import type { FaultWorld } from "../compute.ts";
import { ask, chunk, eventStream, type Person, putServer, settledAfter, spentBy } from "./compute-world.ts";

const FUNDS = 100_000_000n;
const ROUNDS = 10;
const STREAMS = 10;
const MODEL = "converge/tiny-1";

/** N1: a node program is killed with ten answers under way, ten times; another one goes on with each. */
export async function killedMidStream({ doors, provider }: FaultWorld): Promise<BenchRow[]> {
  const stays = await startNode(provider.actor, doors.url, ["--capacity", "40", "--price-output", "2"]);
  const gaps: number[] = [];
  let whole = 0;
  let asked = 0;
  let misbilled = 0;
  const holds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const dies = await startNode(provider.actor, doors.url, [
      "--capacity",
      "40",
      "--price-output",
      "1",
      "--price-input",
      "0.01",
    ]);
    await sleep(400);
    const people = await Promise.all(Array.from({ length: STREAMS }, () => newPerson(FUNDS)));
    const answers = people.map((person) => ask(doors.url, person, MODEL));
    // Each time at another point of the answers, which take about a second beside each other.
    await sleep(120 + round * 60);
    dies.child.kill("SIGKILL");
    const results = await Promise.all(answers);
    asked += STREAMS;
    for (const [i, result] of results.entries()) {
      const person = people[i];
      if (!person) continue;
      holds.push(await settledAfter(person));
      if (result.status === 200 && result.error === null) whole += 1;
      gaps.push(result.totalMs);
      misbilled += (await isBilledAsDelivered(person, result.text)) ? 0 : 1;
    }
    await dies.kill();
  }
  await stays.kill();
  return [
    bounded(
      "N1 answers whole although their node was killed",
      round((whole / asked) * 100),
      "percent",
      ">= 90",
      `${whole} of ${asked} streams, ${ROUNDS} kills`,
    ),
    bounded("N1 answers billed for other than what was delivered", misbilled, "count", "<= 0"),
    bounded(
      "N1 the longest an answer's money stayed set aside",
      round(Math.max(...holds)),
      "ms",
      "<= 5000",
      `median ${round(median(holds))} ms`,
    ),
    {
      name: "N1 an answer with a killed node in it",
      value: round(percentile(gaps, 50)),
      unit: "ms",
      note: `the longest ${round(Math.max(...gaps))} ms`,
    },
  ];
}

async function isBilledAsDelivered(person: Person, text: string): Promise<boolean> {
  const row = await db.inference.findFirst({ where: { userId: person.actor.userId } });
  if (!row) return text === "";
  return (
    (row.completionTokens ?? 0) === countTokens(MODEL, text) && (await spentBy(person, FUNDS)) === (row.charged ?? 0n)
  );
}

/** N7: fifty callers leave in the middle; their nodes stop, and they pay for what they got. */
export async function clientLeaves({ doors, provider }: FaultWorld): Promise<BenchRow[]> {
  const server = await startModelServer();
  const pulled = await startNode(provider.actor, doors.url, [
    "--openai-base-url",
    server.url,
    "--model",
    "leave-pulled",
    "--capacity",
    "64",
  ]);
  const direct = await putServer(provider, "leave-direct", async (response) => {
    eventStream(response);
    for (let i = 0; i < 1_000 && !response.destroyed; i += 1) {
      response.write(chunk("word "));
      await sleep(20);
    }
  });
  const stops: number[] = [];
  let misbilled = 0;
  for (let i = 0; i < 25; i += 1) {
    const person = await newPerson(FUNDS);
    const leaving = new AbortController();
    const asked = ask(doors.url, person, "leave-direct", leaving.signal);
    await sleep(120);
    leaving.abort();
    const leftAt = performance.now();
    await asked;
    await eventually("The node's stop", async () => direct.open() === 0);
    stops.push(performance.now() - leftAt);
    await settledAfter(person);
    const row = await db.inference.findFirst({ where: { userId: person.actor.userId } });
    misbilled += row?.status === "cancelled" && (row.completionTokens ?? 99) < 40 ? 0 : 1;
  }
  for (let i = 0; i < 25; i += 1) {
    const person = await newPerson(FUNDS);
    const leaving = new AbortController();
    const asked = ask(doors.url, person, "leave-pulled", leaving.signal);
    await eventually("The work's arrival", async () => server.open === 1);
    server.say("some words ");
    await sleep(60);
    leaving.abort();
    const leftAt = performance.now();
    await asked;
    await eventually("The node's stop", async () => server.open === 0);
    stops.push(performance.now() - leftAt);
    await settledAfter(person);
  }
  await Promise.all([pulled.kill(), direct.close(), server.close()]);
  return [
    bounded(
      "N7 from a caller's leaving to the model server's stop, the longest of 50",
      round(Math.max(...stops)),
      "ms",
      "<= 1000",
      `median ${round(median(stops))} ms`,
    ),
    bounded("N7 callers billed beyond their leaving", misbilled, "count", "<= 0"),
  ];
}
