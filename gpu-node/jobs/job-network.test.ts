import { describe, expect, it } from "vitest";
import { networkOf } from "./job-network.ts";

describe("the network of an address", () => {
  it("has nothing beyond its prefix", () => {
    expect(networkOf("192.0.2.37", "255.255.255.240")).toBe("192.0.2.32/28");
    expect(networkOf("10.1.2.3", "255.0.0.0")).toBe("10.0.0.0/8");
    expect(networkOf("198.51.100.7", "255.255.255.255")).toBe("198.51.100.7/32");
  });
});
