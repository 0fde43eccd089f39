import fc from "fast-check";
import { expect, it } from "vitest";
import { createStopMatcher } from "./stop-matcher.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 30 });

it("delivers exactly what stands before the first stop text, wherever the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 8 }),
      fc.array(
        text.filter((stop) => stop.length > 0),
        { maxLength: 3 },
      ),
      (pieces, stops) => {
        const matcher = createStopMatcher(stops);
        let delivered = "";
        let stopped = false;
        for (const piece of pieces) {
          const step = matcher.push(piece);
          delivered += step.text;
          stopped = step.stopped;
          if (stopped) break;
        }
        if (!stopped) delivered += matcher.rest();
        const whole = pieces.join("");
        const at = stops.map((stop) => whole.indexOf(stop)).filter((position) => position >= 0);
        expect(stopped).toBe(at.length > 0);
        // A longer stop text may begin earlier but end later; the one whose end comes first in the stream wins.
        if (at.length === 0) expect(delivered).toBe(whole);
        else expect(whole.startsWith(delivered)).toBe(true);
        for (const stop of stops) expect(delivered.includes(stop)).toBe(false);
      },
    ),
  );
});
