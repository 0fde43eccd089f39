import { describe, expect, it } from "vitest";
import { parseEnv } from "./parse-env.ts";

describe("parseEnv", () => {
  it("needs nothing, and trusts nobody", () => {
    const env = parseEnv({});
    expect(env.PORT).toBe(3000);
    expect(env.PUBLIC_URL).toBe("http://localhost:3000");
    expect(env.TRUSTED_PROXIES.rules).toEqual([]);
    expect(env.METRICS_TOKEN).toBeUndefined();
  });

  it("reads proxies as addresses and ranges", () => {
    const { TRUSTED_PROXIES: proxies } = parseEnv({ TRUSTED_PROXIES: " 127.0.0.1, 10.0.0.0/8 ,::1,fd00::/8," });
    for (const address of ["127.0.0.1", "10.255.0.1"]) expect(proxies.check(address, "ipv4"), address).toBe(true);
    for (const address of ["::1", "fd12::1"]) expect(proxies.check(address, "ipv6"), address).toBe(true);
    for (const address of ["127.0.0.2", "11.0.0.1"]) expect(proxies.check(address, "ipv4"), address).toBe(false);
    expect(proxies.check("fe80::1", "ipv6")).toBe(false);
  });

  it.each([
    "proxy.example",
    "10.0.0.0/33",
    "fd00::/129",
    "10.0.0.0/x",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "::/0",
  ])("refuses the proxy %j by its name", (text) => {
    expect(() => parseEnv({ TRUSTED_PROXIES: `127.0.0.1,${text}` })).toThrow(`TRUSTED_PROXIES: "${text}"`);
  });

  it("names every mistake at once", () => {
    expect(() => parseEnv({ TRUSTED_PROXIES: "a,b", METRICS_TOKEN: "short", PORT: "0" })).toThrow(
      /PORT: .*\n\s+TRUSTED_PROXIES: "a".*\n\s+TRUSTED_PROXIES: "b".*\n\s+METRICS_TOKEN: needs 16/,
    );
  });

  it("signs demo accounts in on the development chain only", () => {
    expect(parseEnv({}).DEMO_SIGN_IN).toBe(true);
    expect(parseEnv({ DEMO_SIGN_IN: "0" }).DEMO_SIGN_IN).toBe(false);
    expect(parseEnv({ CHAIN_ID: "8453", DEMO_SIGN_IN: "1" }).DEMO_SIGN_IN).toBe(false);
  });
});
