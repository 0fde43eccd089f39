import type { AgentDetail } from "#core/schemas/agent.ts";
import { Amount } from "../money/amount.tsx";
import { Badge } from "../ui/badge.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { DefinitionList } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { spanWord, windowWord } from "./window-word.ts";

type Rule = AgentDetail["policy"]["rules"][number];

/** The functions people meet; any other is shown by its selector. */
const FUNCTIONS: Record<string, string> = {
  "0xa9059cbb": "Pay",
  "0x095ea7b3": "Approve",
  "0x1de26e16": "Deposit",
};

function RuleRow({ rule, token }: { rule: Rule; token: string }) {
  const name = FUNCTIONS[rule.selector.toLowerCase()] ?? rule.selector;
  const isToken = rule.target.toLowerCase() === token.toLowerCase();
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 text-sm">
      <span className="font-medium">{name}</span>
      {rule.counterparty !== null && <Identifier value={rule.counterparty} label="counterparty" />}
      {!isToken && (
        <span className="flex items-center gap-1 text-ink-3">
          on <Identifier value={rule.target} label="target" />
        </span>
      )}
      {rule.proof !== null && (
        <Badge tone="outline">
          With a proof of the last {spanWord(rule.proof.maxAgeSeconds)}, output ≥ {rule.proof.outputMin}
        </Badge>
      )}
    </li>
  );
}

export function PolicyCard({ agent }: { agent: AgentDetail }) {
  const { policy } = agent;
  return (
    <Card>
      <CardHeader
        title="Its limits"
        description="Held by the signer and by its account on the chain, each on its own."
      />
      <div className="grid grid-cols-1 divide-y divide-line *:min-w-0 lg:grid-cols-2 lg:divide-x lg:divide-y-0">
        <CardBody className="py-1">
          <DefinitionList
            items={[
              { term: "A payment", value: <Amount units={policy.perTransactionCap.units} /> },
              {
                term: "Together",
                value: (
                  <>
                    <Amount units={policy.windowCap.units} /> in {windowWord(policy.windowSeconds)}
                  </>
                ),
              },
              { term: "Until", value: <Time iso={policy.validUntil} isExact /> },
              { term: "Token", value: <Identifier value={policy.token} label="token address" /> },
              { term: "Account", value: <Identifier value={agent.account} label="account address" /> },
              { term: "Key", value: <Identifier value={agent.key} label="key address" /> },
            ]}
          />
        </CardBody>
        <div className="px-4 py-3">
          <h3 className="font-medium text-sm">It may</h3>
          <ul className="divide-y divide-line">
            {policy.rules.map((rule) => (
              <RuleRow
                key={`${rule.target}${rule.selector}${rule.counterparty ?? ""}`}
                rule={rule}
                token={policy.token}
              />
            ))}
          </ul>
          <p className="mt-1 text-ink-3 text-xs">Everything else is denied.</p>
        </div>
      </div>
    </Card>
  );
}
