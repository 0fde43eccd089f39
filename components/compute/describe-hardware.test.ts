import { expect, test } from "vitest";
import { describeHardware } from "./describe-hardware.ts";

const base = { cpuModel: "x", cpuCores: 2, memoryBytes: 24 * 1024 ** 3, platform: "linux", gpus: [] };
const gpu = { name: "H100", uuid: "a", memoryBytes: 80 * 1024 ** 3, driver: "1" };

test("a machine without a GPU says so first", () => {
  expect(describeHardware(base)).toBe("CPU, 2 cores, 24 GiB");
});

test("equal GPUs are counted, different ones listed", () => {
  const gpus = [gpu, { ...gpu, uuid: "b" }, { ...gpu, uuid: "c", name: "L4", memoryBytes: 24 * 1024 ** 3 }];
  expect(describeHardware({ ...base, gpus })).toBe("2 × H100 80 GiB + L4 24 GiB, 2 cores, 24 GiB");
});
