import { pino } from "pino";
import { env } from "./env.ts";

/** One JSON line an event, with ids and never with secrets: these paths are cut whatever a caller passes. */
export const log = pino({
  level: env.LOG_LEVEL,
  base: { process: process.env.CONVERGE_PROCESS ?? "web" },
  redact: {
    paths: [
      "*.authorization",
      "*.cookie",
      "*.token",
      "*.secret",
      "*.privateKey",
      "*.password",
      "headers.authorization",
      "headers.cookie",
    ],
    censor: "[cut]",
  },
});
