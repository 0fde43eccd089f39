import type { Decision, Situation } from "./decision.ts";
import { decideMonitor } from "./monitor.ts";
import { decideLimit, decideRecurring } from "./orders.ts";
import { decidePayer } from "./payer.ts";
import { decideRebalance } from "./rebalance.ts";
import type { RuleSettings } from "./settings.ts";

/** What a strategy does in a situation. The same situation always gives the same decision, live, dry and on the past. */
export function decide(settings: RuleSettings, situation: Situation): Decision {
  switch (settings.kind) {
    case "monitor":
      return decideMonitor(settings, situation);
    case "rebalance":
      return decideRebalance(settings, situation);
    case "recurring-buy":
      return decideRecurring(settings, situation);
    case "limit-order":
      return decideLimit(settings, situation);
    case "payer":
      return decidePayer(settings, situation);
  }
}
