import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CsvCell, csvLine } from "./csv.ts";

/** Reads CSV as RFC 4180 says, without knowing how ours is written. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = "";
    if (text[at] === '"') {
      for (at += 1; !(text[at] === '"' && text[at + 1] !== '"'); at += 1) {
        cell += text[at];
        if (text[at] === '"') at += 1;
      }
      at += 1;
    } else {
      for (; text[at] !== "," && !text.startsWith("\r\n", at); at += 1) cell += text[at];
    }
    line.push(cell);
    if (text[at] === ",") at += 1;
    else {
      lines.push(line);
      line = [];
      at += 2;
    }
  }
  return lines;
}

const nasty = fc.string({
  unit: fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", '"', ",", "'", " ", "a", "1", "ü", "🙂", "＝"),
  maxLength: 12,
});
const cell: fc.Arbitrary<CsvCell> = fc.oneof(
  fc.record({ text: nasty }),
  fc.record({ number: fc.bigInt().map(String) }),
  fc.constant({ text: null }),
);

describe("csvLine", () => {
  test("any cells come back as they were, but for the apostrophe before what a spreadsheet would run", () => {
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), { minLength: 1 }), (lines) => {
        const back = parseCsv(lines.map(csvLine).join(""));
        expect(back).toHaveLength(lines.length);
        for (const [index, cells] of lines.entries()) {
          const wanted = cells.map((given) => {
            if ("number" in given) return given.number;
            const text = given.text ?? "";
            return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
          });
          expect(back[index]).toEqual(wanted);
        }
      }),
    );
  });

  test("no text begins as a formula does, and a negative amount stays a number", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const [[first = "", amount = ""] = []] = parseCsv(csvLine([{ text }, { number: "-12.50" }]));
        expect("=+-@\t\r\n＝＋－＠".includes(first.charAt(0)) && first !== "").toBe(false);
        expect(amount).toBe("-12.50");
      }),
    );
  });

  test("refuses a number that is none, so that no text slips past the guard", () => {
    for (const number of ["=1", "1e9", "", "1,5", "0x1"]) expect(() => csvLine([{ number }])).toThrow(RangeError);
  });
});
