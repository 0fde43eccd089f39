import { referencePage } from "#server/api/reference.ts";

export { referencePage as GET };
