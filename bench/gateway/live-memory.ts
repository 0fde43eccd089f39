import { once } from "node:events";

/** What a process keeps after everything that can be collected was, in MB: its heap and what lies outside of it. */
export type LiveMemory = { read: () => Promise<number>; close: () => void };

type Answer = { id: number; result?: { result?: { value?: number } }; error?: { message: string } };

/** Speaks to a process's inspector. The process must have been started with `--inspect` at this port. */
export async function watchLiveMemory(port: number): Promise<LiveMemory> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const url = targets[0]?.webSocketDebuggerUrl;
  if (!url) throw new Error("The inspector names no target.");
  const socket = new WebSocket(url);
  await once(socket, "open", { signal: AbortSignal.timeout(10_000) });
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  const ask = (method: string, params: object = {}) =>
    new Promise<Answer>((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  const expression = "(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())";
  return {
    async read() {
      await ask("HeapProfiler.collectGarbage");
      const { result } = await ask("Runtime.evaluate", { expression, returnByValue: true });
      return (result?.result?.value ?? Number.NaN) / 1024 / 1024;
    },
    close: () => socket.close(),
  };
}
