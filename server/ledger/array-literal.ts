const NEEDS_ESCAPE = /["\\]/;

/**
 * Writes an array as Postgres reads it. Prisma and pg each have an own idea of arrays with nulls and bigints in them.
 *
 * A column without any value travels empty: `unnest` fills up shorter arrays with nulls.
 */
export function arrayLiteral(values: readonly (string | number | bigint | boolean | null | undefined)[]): string {
  let text = "{";
  let hasValue = false;
  let separator = "";
  for (const value of values) {
    text += separator;
    separator = ",";
    if (value === undefined || value === null) {
      text += "NULL";
    } else {
      hasValue = true;
      if (typeof value !== "string") text += value;
      else text += `"${NEEDS_ESCAPE.test(value) ? value.replace(/["\\]/g, "\\$&") : value}"`;
    }
  }
  return hasValue ? `${text}}` : "{}";
}
