import type { JudgementView } from "#core/schemas/action.ts";
import { Amount } from "../money/amount.tsx";
import { TokenAmount } from "../money/token-amount.tsx";
import { Meter } from "../ui/meter.tsx";
import { guardWords } from "./guard-words.ts";
import { judgedRuleWords } from "./judged-rule-words.ts";
import { shareOf } from "./share-of.ts";
import { windowWord } from "./window-word.ts";

type Cap = JudgementView["caps"][number];

/** What counted in the window before an action, and with it, of what may be spent in it. */
function CapLine({ cap, windowSeconds }: { cap: Cap; windowSeconds: number | null }) {
  const { token, symbol, decimals } = cap;
  const amount = (units: string) => <TokenAmount units={units} token={token} symbol={symbol} decimals={decimals} />;
  const share = cap.perWindow === null ? null : shareOf(cap.after, cap.perWindow);
  return (
    <li>
      Spends {amount(cap.spent)}
      {cap.perTransaction !== null && <> of at most {amount(cap.perTransaction)} at a time</>}; in{" "}
      {windowSeconds === null ? "the window" : windowWord(windowSeconds)} {amount(cap.before)} → {amount(cap.after)}
      {cap.perWindow !== null && <> of {amount(cap.perWindow)}</>}
      {share !== null && (
        <Meter
          share={share}
          label="Spent in the window with this action"
          valueText={`${Math.round(share * 100)} %`}
          tone="bg-agents"
          className="mt-1 max-w-64"
        />
      )}
    </li>
  );
}

export function Caps({ judgement }: { judgement: JudgementView }) {
  return (
    <ul className="flex flex-col gap-2">
      {judgement.caps.map((cap) => (
        <CapLine key={cap.token} cap={cap} windowSeconds={judgement.windowSeconds} />
      ))}
    </ul>
  );
}

/** The rules that let it pass, what it left of its caps, and what guards looked at. */
export function Judgement({ judgement }: { judgement: JudgementView }) {
  const { rules, usd, outcome, guards } = judgement;
  const told = new Map(rules.map(({ number, rule }) => [number, judgedRuleWords(number, rule)]));
  return (
    <div className="mt-1 flex flex-col gap-2">
      <ul>
        {[...told].map(([number, words]) => (
          <li key={number}>{words}</li>
        ))}
      </ul>
      <Caps judgement={judgement} />
      {usd && (
        <p>
          Worth <Amount units={usd.value} /> by the price feeds; all tokens together in the window{" "}
          <Amount units={usd.before} /> → <Amount units={usd.after} />
        </p>
      )}
      {outcome && (
        <p>
          Tried out before it was signed:{" "}
          {outcome.length === 0
            ? "no token moved."
            : outcome.map(({ token, symbol, decimals, before, after }, index) => (
                <span key={token}>
                  {index > 0 && ", "}
                  <TokenAmount units={before} token={token} symbol={symbol} decimals={decimals} /> →{" "}
                  <TokenAmount units={after} token={token} symbol={symbol} decimals={decimals} />
                </span>
              ))}
        </p>
      )}
      {guards && (
        <ul className="text-ink-3 text-xs">
          {guardWords(guards).map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
