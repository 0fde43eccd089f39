/** What a cell holds: a text that somebody wrote, or a number of ours. */
export type CsvCell = { text: string | null } | { number: string };

/** A spreadsheet takes a cell that begins so for a formula and runs it; in a memo it is a stranger's. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function cellText(cell: CsvCell): string {
  if ("number" in cell) {
    if (!NUMBER.test(cell.number)) throw new RangeError(`${cell.number} is not a number`);
    return cell.number;
  }
  const text = cell.text ?? "";
  // The apostrophe makes it text for a spreadsheet, and a person sees that it was added.
  return quoted(FORMULA.test(text) ? `'${text}` : text);
}

/** One line of CSV as RFC 4180 has it, its line break included. */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(cellText).join(",")}\r\n`;
