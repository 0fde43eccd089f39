import { parseEnv } from "./parse-env.ts";

/** The configuration of this process, read once. */
export const env = parseEnv(process.env);
