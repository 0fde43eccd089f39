import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { newPerson } from "#server/api/testing/compute-world.ts";
import { db } from "#server/db.ts";
import { type BenchRow, bounded, percentile, round } from "../../bench-row.ts";
import type { FaultWorld } from "../compute.ts";
import {
  ask,
  type Behaviour,
  chunk,
  eventStream,
  memoryMb,
  putServer,
  settledAfter,
  spentBy,
} from "./compute-world.ts";

const FUNDS = 100_000_000n;

/** N2: a server that sends a byte every ten seconds; its caller is told, and nobody else waits for it. */
export async function slowLoris({ doors, provider }: FaultWorld): Promise<BenchRow[]> {
  const slow = await putServer(provider, "slow", async (response) => {
    eventStream(response);
    response.flushHeaders();
    for (let i = 0; i < 60 && !response.destroyed; i += 1) {
      response.write("d");
      await sleep(10_000);
    }
  });
  const quick = await putServer(provider, "quick", async (response) => {
    eventStream(response);
    for (let i = 0; i < 20; i += 1) {
      response.write(chunk("word "));
      await sleep(10);
    }
    response.end(`${chunk("", "stop")}data: [DONE]\n\n`);
  });
  const measure = async (): Promise<number[]> => {
    const times: number[] = [];
    for (let i = 0; i < 100; i += 1) times.push((await ask(doors.url, person, "quick")).totalMs);
    return times;
  };
  const person = await newPerson(FUNDS);
  await measure();
  const before = await measure();
  const victims = await Promise.all(Array.from({ length: 20 }, () => newPerson(FUNDS)));
  const waiting = victims.map((victim) => ask(doors.url, victim, "slow"));
  await sleep(500);
  const during = await measure();
  const ended = await Promise.all(waiting);
  const charged = await Promise.all(victims.map((victim) => settledAfter(victim).then(() => spentBy(victim, FUNDS))));
  await Promise.all([slow.close(), quick.close()]);
  const growth = (percentile(during, 95) / percentile(before, 95) - 1) * 100;
  return [
    bounded(
      "N2 the longest a caller waits for a server that drips",
      round(Math.max(...ended.map(({ totalMs }) => totalMs)) / 1_000, 1),
      "s",
      "<= 65",
    ),
    bounded(
      "N2 what those callers were charged",
      Number(charged.reduce((sum, one) => sum + one, 0n)),
      "micro-dollars",
      "<= 0",
    ),
    bounded(
      "N2 others' answers, p95, longer by",
      round(growth),
      "percent",
      "<= 10",
      `${round(percentile(before, 95), 1)} ms before, ${round(percentile(during, 95), 1)} ms beside 20 that drip`,
    ),
  ];
}

const flood: Behaviour = async (response) => {
  eventStream(response);
  const megabyte = Buffer.alloc(1_048_576, "x");
  // Ten gigabytes, as far as anybody takes them.
  await pour(response, megabyte, 10_240);
};

/** Writes one thing over and over, as fast as it is taken, until it is done or nobody takes it any more. */
async function pour(response: ServerResponse, piece: Buffer | string, times: number): Promise<void> {
  const closed = once(response, "close");
  for (let i = 0; i < times && !response.destroyed; i += 1) {
    if (!response.write(piece)) await Promise.race([once(response, "drain"), closed]);
  }
}

const HOSTILE: Record<string, Behaviour> = {
  garbage: (response) => {
    eventStream(response);
    response.end(`data: {"choices":[{"delta":\n\ndata: \u0000\u0001\n\n`);
  },
  "ten-gigabytes": flood,
  "many-events": async (response) => {
    eventStream(response);
    const events = `${": nothing\n\n".repeat(10_000)}`;
    await pour(response, events, 100_000);
  },
  "gzip-bomb": (response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
    response.end(gzipSync(Buffer.alloc(100 * 1_048_576)));
  },
  "long-header": (response) => {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "x-long": "y".repeat(15_000),
      "x-longer": "z".repeat(15_000),
    });
    response.end("data: [DONE]\n\n");
  },
  "wrong-shape": (response) => {
    eventStream(response);
    response.end(`data: {"choices":"all of them"}\n\ndata: [DONE]\n\n`);
  },
  "breaks-off": (response) => {
    eventStream(response);
    response.write(chunk("half"));
    setTimeout(() => response.destroy(), 30);
  },
};

/** N3: servers that send what no model server sends. Each is cut off, its caller told, and memory stays where it was. */
export async function hostileAnswers({ doors, provider }: FaultWorld): Promise<BenchRow[]> {
  const before = await memoryMb(doors.pid);
  let most = before;
  let unsaid = 0;
  let charged = 0n;
  let opened = 0;
  for (const [name, behaviour] of Object.entries(HOSTILE)) {
    const server = await putServer(provider, `hostile-${name}`, behaviour);
    for (let i = 0; i < 4; i += 1) {
      const person = await newPerson(FUNDS);
      const watching = setInterval(() => void memoryMb(doors.pid).then((now) => (most = Math.max(most, now))), 50);
      const result = await ask(doors.url, person, `hostile-${name}`);
      clearInterval(watching);
      if (result.status === 200 && result.error === null) unsaid += 1;
      await settledAfter(person);
      if (name !== "breaks-off") charged += await spentBy(person, FUNDS);
    }
    const offer = await db.computeOffer.findFirst({ where: { nodeId: server.nodeId } });
    if (offer?.openUntil && offer.openUntil.getTime() > Date.now()) opened += 1;
    await server.close();
  }
  const kinds = Object.keys(HOSTILE).length;
  return [
    bounded(
      "N3 the web process grew by at most",
      round(most - before),
      "MB",
      "<= 100",
      `${kinds} kinds of hostile answers, four of each`,
    ),
    bounded("N3 hostile answers that their caller was not told of", unsaid, "count", "<= 0"),
    bounded("N3 what was charged for nothing", Number(charged), "micro-dollars", "<= 0"),
    bounded("N3 nodes of these that are shut out after it", opened, "count", `>= ${kinds}`),
  ];
}

/** N4: a server that claims more tokens than it sent, by a hundredth to a half. */
export async function overReporting({ doors, provider }: FaultWorld): Promise<BenchRow[]> {
  const text = "One, two, three, four, five, six, seven, eight, nine, ten. ".repeat(12);
  let factor = 100;
  // The one model whose tokenizer the platform has; this server says it is that.
  const server = await putServer(provider, "converge/tiny-1", (response) => {
    eventStream(response);
    const tokens = Math.round((ours * factor) / 100);
    response.end(`${chunk(text)}${chunk("", "stop", { prompt_tokens: 9, completion_tokens: tokens })}data: [DONE]\n\n`);
  });
  const { countTokens } = await import("#core/token-count.ts");
  const ours = Math.min(400, countTokens("converge/tiny-1", text));
  let misbilled = 0;
  let unflagged = 0;
  let accused = 0;
  for (factor of [100, 101, 103, 106, 110, 125, 150]) {
    const person = await newPerson(FUNDS);
    const before = await db.computeFlag.count({ where: { nodeId: server.nodeId } });
    await ask(doors.url, person, "converge/tiny-1");
    await settledAfter(person);
    await sleep(100);
    const flagged = (await db.computeFlag.count({ where: { nodeId: server.nodeId } })) > before;
    const row = await db.inference.findFirst({ where: { userId: person.actor.userId } });
    if (row?.completionTokens !== ours) misbilled += 1;
    if (factor > 105 && !flagged) unflagged += 1;
    if (factor <= 105 && flagged) accused += 1;
  }
  await server.close();
  return [
    bounded("N4 answers billed by the node's claim", misbilled, "count", "<= 0"),
    bounded("N4 claims above 5% that were not flagged", unflagged, "count", "<= 0"),
    bounded("N4 claims within 5% that were", accused, "count", "<= 0"),
  ];
}
