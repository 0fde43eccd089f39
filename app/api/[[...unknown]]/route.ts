import { answersNothing } from "#server/api/methods.ts";

export const { GET, POST, PUT, PATCH, DELETE } = answersNothing;
