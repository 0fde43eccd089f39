import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLocal, peerOf } from "./peer.ts";

const nobody = new BlockList();
const trusted = new BlockList();
trusted.addSubnet("10.0.0.0", 8, "ipv4");
trusted.addAddress("127.0.0.1", "ipv4");
trusted.addSubnet("fd00::", 8, "ipv6");

describe("peerOf", () => {
  it("never asks a header when nobody is trusted", () => {
    fc.assert(
      fc.property(fc.string(), fc.ipV4(), (header, address) => {
        expect(peerOf(address, header, nobody)).toBe(address);
      }),
    );
  });

  it("does not ask the header of a stranger, trusted proxies or not", () => {
    expect(peerOf("203.0.113.7", "198.51.100.1", trusted)).toBe("203.0.113.7");
    expect(peerOf("203.0.113.7", "10.0.0.1", trusted)).toBe("203.0.113.7");
  });

  it.each([
    ["198.51.100.1", "the client behind one proxy"],
    ["1.2.3.4, 198.51.100.1", "an entry that the client made up"],
    ["1.2.3.4, 10.9.9.9, 198.51.100.1", "a proxy's address that the client made up"],
    ["198.51.100.1, 10.0.0.2, 10.0.0.3", "a chain of proxies"],
    ["198.51.100.1:4711", "a port"],
    ["  198.51.100.1  ", "spaces"],
    ["::ffff:198.51.100.1", "IPv4 inside of IPv6"],
    ["[::ffff:c633:6401]:443", "IPv4 inside of IPv6, in hex, with a port"],
    ["<script>, 198.51.100.1", "garbage that the client put before it"],
  ])("reads %j: %s", (header) => {
    expect(peerOf("10.0.0.1", header, trusted)).toBe("198.51.100.1");
    expect(peerOf("::ffff:10.0.0.1", header, trusted)).toBe("198.51.100.1");
    expect(peerOf("fd00::1", header, trusted)).toBe("198.51.100.1");
  });

  it.each(["", "unknown", "_hidden", "198.51.100.256", "1.2.3.4, ", "1.2.3.4, for=1.2.3.4", "[::1", "1.2.3.4:99:1"])(
    "counts the proxy itself when it says %j",
    (header) => {
      expect(peerOf("10.0.0.1", header, trusted)).toBe("10.0.0.1");
    },
  );

  it("takes the first of a chain that is trusted throughout", () => {
    expect(peerOf("127.0.0.1", "10.0.0.9, 10.0.0.2", trusted)).toBe("10.0.0.9");
  });

  it("counts an IPv6 network as one, however its addresses are written", () => {
    for (const text of [
      "2001:db8:1:2::1",
      "2001:DB8:1:2:ffff::",
      "[2001:0db8:0001:0002::9]:80",
      "2001:db8:1:2::1%eth0",
    ])
      expect(peerOf("fd00::1", text, trusted)).toBe("2001:db8:1:2::/64");
    expect(peerOf("2001:db8::1", "", trusted)).toBe("2001:db8:0:0::/64");
    expect(peerOf("2001:db8:0:1::1", "", trusted)).toBe("2001:db8:0:1::/64");
    expect(peerOf("::1", "", trusted)).toBe("0:0:0:0::/64");
  });

  it("groups every two IPv6 addresses by their first 64 bits", () => {
    const half = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
    const text = (groups: number[]) => groups.map((group) => group.toString(16)).join(":");
    fc.assert(
      fc.property(half, half, half, (network, one, other) => {
        fc.pre(network.some((group) => group !== 0));
        const expected = `${text(network)}::/64`;
        expect(peerOf(text([...network, ...one]), "", nobody)).toBe(expected);
        expect(peerOf(text([...network, ...other]), "", nobody)).toBe(expected);
      }),
    );
  });

  it("answers for a socket without an address", () => {
    expect(peerOf(undefined, "1.2.3.4", trusted)).toBe("unknown");
  });
});

describe("isLocal", () => {
  it.each(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])("knows %s", (address) => {
    expect(isLocal(address, {})).toBe(true);
  });

  it.each([undefined, "", "10.0.0.1", "128.0.0.1", "::2", "::ffff:10.0.0.1"])("does not take %s", (address) => {
    expect(isLocal(address, {})).toBe(false);
  });

  it.each(["x-forwarded-for", "forwarded", "x-real-ip", "via"])("is not told by a proxy with %s", (name) => {
    expect(isLocal("127.0.0.1", { [name]: "127.0.0.1" })).toBe(false);
  });
});
