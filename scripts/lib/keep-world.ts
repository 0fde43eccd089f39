import { keepWorld } from "./test-world.ts";

/** What vitest runs once, before all files of integration tests. */
export const setup = keepWorld;
