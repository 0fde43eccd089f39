import { renewWorld } from "./test-world.ts";

// What vitest runs before each file of integration tests.
await renewWorld();
