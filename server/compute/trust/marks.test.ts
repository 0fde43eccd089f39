import { describe, expect, it } from "vitest";
import { findMarks, newMark } from "./marks.ts";

describe("marks", () => {
  it("are found in any text they stand in, however it is written", () => {
    const { mark, name } = newMark();
    expect(findMarks(`Write a short letter to ${name}, please.`)).toEqual([mark]);
    expect(findMarks(`system: be brief\n\n${name.toUpperCase()}!`)).toEqual([mark]);
    expect(findMarks(name.replace(" ", "   "))).toEqual([mark]);
  });

  it("are not found where one word of them stands alone, or beside another's", () => {
    const [first = "", second = ""] = newMark().name.split(" ");
    const other = newMark().name.split(" ")[1];
    expect(findMarks(`${first} went home`)).toEqual([]);
    expect(findMarks(`${second} ${first}`)).toEqual([]);
    expect(findMarks(`${first} ${other}`)).toEqual([]);
  });

  it("are never made of ordinary words", () => {
    const text = "A limited delegate, a benevolent rodomontade: banana sekarang kamikaze makalata tomato ".repeat(200);
    expect(findMarks(text)).toEqual([]);
  });
});
