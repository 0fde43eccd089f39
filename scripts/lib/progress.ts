const isTerminal = process.stdout.isTTY === true;
const dim = (text: string) => (isTerminal ? `\u001b[2m${text}\u001b[0m` : text);
const green = (text: string) => (isTerminal ? `\u001b[32m${text}\u001b[0m` : text);
const red = (text: string) => (isTerminal ? `\u001b[31m${text}\u001b[0m` : text);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

export function stepDone(name: string, note: string, ms: number): void {
  process.stdout.write(`  ${green("✓")} ${name.padEnd(12)} ${note.padEnd(52)} ${dim(seconds(ms))}\n`);
}

/** Runs one step of the start and prints one line for it; the work answers what the line should say. */
export async function step(name: string, work: () => Promise<string>): Promise<void> {
  const startedAt = Date.now();
  try {
    stepDone(name, await work(), Date.now() - startedAt);
  } catch (error) {
    process.stdout.write(`  ${red("✗")} ${name}\n`);
    throw error;
  }
}
