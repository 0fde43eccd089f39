import { JOURNEY } from "#core/journey/journey.ts";
import { runStep } from "#core/journey/walk.ts";
import { meSchema } from "#core/schemas/identity.ts";
import { createBrowserPorts } from "./browser-ports.ts";
import { loadTour } from "./read-tour.ts";
import type { Walk } from "./tour-store.ts";

/** What walking takes: steps that run, ports of this browser, schemas. It is fetched when somebody walks. */
export const walk: Walk = {
  steps: JOURNEY,
  createPorts: createBrowserPorts,
  runStep,
  readMemory: loadTour,
  readUserId: (body) => meSchema.safeParse(body).data?.id,
};
