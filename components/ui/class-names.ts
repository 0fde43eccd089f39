import { type ClassValue, clsx } from "clsx";

/**
 * Joins class names. It does not settle which of two wins: a component leaves to its caller what a caller may set,
 * so that no page carries a table of all utilities to find out.
 */
export const cn = (...values: ClassValue[]): string => clsx(values);
