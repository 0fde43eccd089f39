import { handleRest } from "#server/api/rest.ts";

export { handleRest as DELETE, handleRest as GET, handleRest as PATCH, handleRest as POST, handleRest as PUT };
