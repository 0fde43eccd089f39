import type { Hardware } from "#core/schemas/node-protocol.ts";

const GIB = 1024 ** 3;
const gib = (bytes: number): string => `${Math.round(bytes / GIB)} GiB`;

/** What a node says it is made of, in one line: its accelerators first, as that is what people compare. */
export function describeHardware(hardware: Hardware): string {
  const names = new Map<string, number>();
  for (const gpu of hardware.gpus) {
    const label = `${gpu.name} ${gib(gpu.memoryBytes)}`;
    names.set(label, (names.get(label) ?? 0) + 1);
  }
  const gpus = [...names].map(([label, count]) => (count === 1 ? label : `${count} × ${label}`));
  const cpu = `${hardware.cpuCores} ${hardware.cpuCores === 1 ? "core" : "cores"}, ${gib(hardware.memoryBytes)}`;
  return gpus.length === 0 ? `CPU, ${cpu}` : `${gpus.join(" + ")}, ${cpu}`;
}
