/**
 * Joins class names, leaving out what is not there. It does not settle which of two wins: a component leaves to its
 * caller what a caller may set, so that no page carries a table of all utilities to find out.
 */
export const cn = (...names: (string | false | null | undefined)[]): string => names.filter(Boolean).join(" ");
