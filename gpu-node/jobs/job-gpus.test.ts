import { describe, expect, it } from "vitest";
import { type Card, createCardPool, readCard } from "./job-gpus.ts";

const INFORMATION = `Model: 		 NVIDIA H100 80GB HBM3
IRQ:   		 217
GPU UUID: 	 GPU-5a3c1f6e-0001-0002-0003-0123456789ab
Video BIOS: 	 96.00.61.00.01
Bus Type: 	 PCIe
Device Minor: 	 3
GPU Excluded:	 No
`;
const card = (minor: number, model = "NVIDIA L4", memoryMb = 24_000): Card => ({
  uuid: `GPU-${minor}`,
  minor,
  model,
  memoryMb,
});

describe("cards", () => {
  it("are known by the driver's own description", () => {
    expect(readCard(INFORMATION)).toEqual({
      uuid: "GPU-5a3c1f6e-0001-0002-0003-0123456789ab",
      minor: 3,
      model: "NVIDIA H100 80GB HBM3",
    });
    expect(readCard("Model: something else\n")).toBeNull();
  });

  it("are given to one job at a time, and only those that fit", () => {
    const pool = createCardPool([card(0), card(1), card(2, "NVIDIA H100", 80_000)]);
    const any = { gpuCount: 1, gpuModel: null, gpuMemoryMb: null };
    const large = pool.take({ ...any, gpuMemoryMb: 40_000 });
    expect(large?.map(({ minor }) => minor)).toEqual([2]);
    expect(pool.take({ ...any, gpuModel: "h100" })).toBeNull();
    expect(pool.take({ ...any, gpuCount: 2 })?.map(({ minor }) => minor)).toEqual([0, 1]);
    expect(pool.take(any)).toBeNull();
    pool.giveBack(large ?? []);
    expect(pool.take(any)?.map(({ minor }) => minor)).toEqual([2]);
  });
});
