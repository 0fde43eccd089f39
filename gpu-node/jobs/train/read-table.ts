/** A CSV as numbers: the features of each row, and which class it is. */
export type Table = { columns: string[]; labels: string[]; features: Float64Array[]; classes: number[] };

/** What is wrong with a file, with its line. */
export class TableError extends Error {
  override readonly name = "TableError";
}

const ROWS_MAX = 1_000_000;
const COLUMNS_MAX = 2_000;
const CLASSES_MAX = 100;

/** The fields of one line; quoted ones may hold commas and doubled quotes. */
export function splitLine(line: string): string[] {
  const fields: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let i = 0; i < line.length; i += 1) {
    const character = line.charAt(i);
    if (isQuoted && character === '"' && line.charAt(i + 1) === '"') {
      field += '"';
      i += 1;
    } else if (character === '"') isQuoted = !isQuoted;
    else if (character === "," && !isQuoted) {
      fields.push(field.trim());
      field = "";
    } else field += character;
  }
  fields.push(field.trim());
  return fields;
}

/** Reads a CSV with a header: every column is a number but the label, which is any text. */
export function readTable(text: string, label: string): Table {
  const lines = text.split(/\r?\n/);
  const header = splitLine(lines[0] ?? "");
  const at = header.indexOf(label);
  if (at < 0) throw new TableError(`Line 1: there is no column "${label}". There is: ${header.join(", ")}.`);
  if (header.length < 2 || header.length > COLUMNS_MAX)
    throw new TableError(`Line 1: 2 to ${COLUMNS_MAX} columns are taken, not ${header.length}.`);
  const columns = header.filter((_, i) => i !== at);
  const labels: string[] = [];
  const known = new Map<string, number>();
  const features: Float64Array[] = [];
  const classes: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    if (features.length >= ROWS_MAX)
      throw new TableError(`Line ${index + 1}: more than ${ROWS_MAX} rows are not taken.`);
    const fields = splitLine(line);
    if (fields.length !== header.length)
      throw new TableError(`Line ${index + 1}: it has ${fields.length} fields, the header ${header.length}.`);
    const name = fields[at] ?? "";
    const row = new Float64Array(columns.length);
    let column = 0;
    for (const [i, field] of fields.entries()) {
      if (i === at) continue;
      const value = Number(field);
      if (field === "" || !Number.isFinite(value))
        throw new TableError(`Line ${index + 1}: "${field.slice(0, 40)}" in column "${header[i]}" is no number.`);
      row[column] = value;
      column += 1;
    }
    if (!known.has(name)) {
      known.set(name, labels.length);
      labels.push(name);
      if (labels.length > CLASSES_MAX)
        throw new TableError(`Column "${label}" has more than ${CLASSES_MAX} different values.`);
    }
    features.push(row);
    classes.push(known.get(name) ?? 0);
  }
  if (labels.length < 2)
    throw new TableError(`Column "${label}" has ${labels.length} different value(s); two are needed.`);
  if (features.length < 10) throw new TableError(`The file has ${features.length} rows; ten are needed.`);
  return { columns, labels, features, classes };
}
