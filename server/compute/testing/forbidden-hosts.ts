/** Hosts that lead inside, in every way they can be written in an address. */
export const FORBIDDEN_HOSTS = [
  "169.254.169.254",
  "127.0.0.1",
  "127.9.9.9",
  "127.1",
  "0.0.0.0",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "0x7f000001",
  "2130706433",
  "0177.0.0.1",
  "10.0.0.1",
  "172.16.3.4",
  "192.168.1.1",
  "100.64.0.1",
  "[fd00::1]",
  "[fe80::1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b::a9fe:a9fe]",
  "[2002:7f00:1::]",
  "[2001:0:7f00:1::]",
  "224.0.0.1",
  "255.255.255.255",
] as const;
/** Names that do, or that must not be asked at all. */
export const FORBIDDEN_NAMES = ["localhost", "metadata.google.internal", "169.254.169.254.nip.invalid"] as const;
