import type { NextConfig } from "next";

const securityHeaders = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), publickey-credentials-get=(self)" },
];

const config: NextConfig = {
  // A second instance from the same folder builds beside the first instead of over it.
  distDir: process.env.NEXT_DIST_DIR ?? ".next",
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm run check` is where types are checked, once; a start must not pay for them again.
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
  // A cache on disk that an unclean stop left half written made every page reload without end.
  experimental: { turbopackFileSystemCacheForDev: false },
  // These hold native handles or load files beside themselves, so they stay out of the server bundle.
  serverExternalPackages: [
    "pg",
    "pino",
    "thread-stream",
    "graphile-worker",
    "@prisma/client",
    "@prisma/adapter-pg",
    "prom-client",
    "undici",
    "@aztec/bb.js",
    "@noir-lang/noir_js",
    "@noir-lang/noir_wasm",
  ],
  headers: () => Promise.resolve([{ source: "/:path*", headers: securityHeaders }]),
};

export default config;
