import { referenceScript } from "#server/api/reference.ts";

export { referenceScript as GET };
