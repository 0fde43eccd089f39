import type { AgentDetail } from "#core/schemas/agent.ts";
import { NamedAddress } from "../addresses/named-address.tsx";
import { Amount } from "../money/amount.tsx";
import { Badge } from "../ui/badge.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { DefinitionList } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { conditionWords } from "./condition-words.ts";
import { guardWords } from "./guard-words.ts";
import { demandsOf, ruleName } from "./judged-rule-words.ts";
import { spanWord, windowWord } from "./window-word.ts";

const ETHER = "0x0000000000000000000000000000000000000000";

type Rule = AgentDetail["policy"]["rules"][number];

function RuleRow({ rule, token }: { rule: Rule; token: string }) {
  const demands = demandsOf(rule);
  const isToken = rule.target.toLowerCase() === token.toLowerCase();
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 text-sm">
      {rule.effect === "deny" && <Badge tone="bad">Never</Badge>}
      <span className="font-medium">{ruleName(rule)}</span>
      {rule.counterparty !== null && <NamedAddress value={rule.counterparty} label="counterparty" />}
      {!isToken && (
        <span className="flex items-center gap-1 text-ink-3">
          on <NamedAddress value={rule.target} label="target" />
        </span>
      )}
      {rule.valueMax !== "0" && <Badge tone="outline">Up to {rule.valueMax} wei a call</Badge>}
      {demands.length > 0 && (
        <span className="basis-full text-ink-3 text-xs">Where {demands.map(conditionWords).join(", and ")}.</span>
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
              ...policy.caps.map((cap) => ({
                term: cap.token === ETHER ? "Ether" : "Of another token",
                value: (
                  <span className="block">
                    {cap.token !== ETHER && <Identifier value={cap.token} label="token address" />} {cap.perTransaction}{" "}
                    a payment, {cap.perWindow} in {windowWord(policy.windowSeconds)}, in base units
                  </span>
                ),
              })),
              ...(policy.gasPerWindow === "0"
                ? []
                : [{ term: "Gas", value: `${policy.gasPerWindow} wei in ${windowWord(policy.windowSeconds)}` }]),
              { term: "Until", value: <Time iso={policy.validUntil} isExact /> },
              { term: "Token", value: <Identifier value={policy.token} label="token address" /> },
              { term: "Account", value: <Identifier value={agent.account} label="account address" /> },
              { term: "Key", value: <Identifier value={agent.key} label="key address" /> },
              ...(agent.template === null
                ? []
                : [{ term: "Began with", value: `${agent.template.name}, version ${agent.template.version}` }]),
              ...(agent.exportedAt === null
                ? []
                : [{ term: "Key taken", value: <Time iso={agent.exportedAt} isExact /> }]),
              ...(agent.importedAt === null
                ? []
                : [{ term: "Key brought", value: <Time iso={agent.importedAt} isExact /> }]),
            ]}
          />
          {(agent.exportedAt !== null || agent.importedAt !== null) && (
            <p className="py-2 text-ink-3 text-xs">
              {agent.importedAt !== null && "Its key came from outside. "}
              Whoever else has its key is held by the contract, not by guards, breakers or a pause at the signer, and
              may spend what is in its purse.
            </p>
          )}
        </CardBody>
        <div className="px-4 py-3">
          <h3 className="font-medium text-sm">It may</h3>
          <ul className="divide-y divide-line">
            {policy.rules.map((rule) => (
              <RuleRow key={JSON.stringify(rule)} rule={rule} token={policy.token} />
            ))}
          </ul>
          <p className="mt-1 text-ink-3 text-xs">Everything else is denied.</p>
          {policy.guards !== null && (
            <>
              <h3 className="mt-4 font-medium text-sm">And the signer sees to it that</h3>
              <ul className="flex flex-col gap-1 py-2 text-sm">
                {guardWords(policy.guards).map((words) => (
                  <li key={words}>{words}</li>
                ))}
              </ul>
            </>
          )}
        </div>
      </div>
    </Card>
  );
}
