import { describe, expect, it } from "vitest";
import { compareAnswers } from "./compare-answers.ts";

const token = (text: string, logprob: number, ...top: [string, number][]) => ({
  token: text,
  logprob,
  top: [{ token: text, logprob }, ...top.map(([other, value]) => ({ token: other, logprob: value }))],
});
const reference = {
  text: "The cat sat down.",
  tokens: [
    token("The", -0.1),
    token(" cat", -0.8, [" dog", -1.0], [" owl", -3]),
    token(" sat", -0.2),
    token(" down", -0.3, [" on", -1.5]),
    token(".", -0.1),
  ],
};

describe("comparing answers", () => {
  it("finds equal answers the same", () => {
    expect(compareAnswers(reference, reference.text)).toEqual({ verdict: "same", at: 17 });
  });

  it("allows what the reference thought almost as likely", () => {
    expect(compareAnswers(reference, "The dog ran off.")).toEqual({ verdict: "near", at: 4 });
  });

  it("tells another model by a token the reference thought unlikely, or did not think of", () => {
    expect(compareAnswers(reference, "The owl flew.").verdict).toBe("different");
    expect(compareAnswers(reference, "The cat sat on it.").verdict).toBe("different");
    expect(compareAnswers(reference, "Once upon a time").verdict).toBe("different");
  });

  it("judges by length where no probabilities are known, or one answer ends before the other", () => {
    const plain = { text: "0123456789", tokens: [] };
    expect(compareAnswers(plain, "0123456xyz").verdict).toBe("near");
    expect(compareAnswers(plain, "0123xyzxyz").verdict).toBe("different");
    expect(compareAnswers(reference, "The cat sat").verdict).toBe("near");
    expect(compareAnswers(reference, "").verdict).toBe("different");
  });
});
