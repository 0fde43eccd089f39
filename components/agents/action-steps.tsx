import Link from "next/link";
import type { ActionView } from "#core/schemas/action.ts";
import { NamedAddress } from "../addresses/named-address.tsx";
import { Amount } from "../money/amount.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { DefinitionList } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { askedWords, gasWords, readingWords, waitingWords } from "./action-words.ts";
import { refusalTitle } from "./activity-steps.tsx";
import { Calls } from "./calls.tsx";
import { Caps, Judgement } from "./judgement.tsx";
import { Outcome } from "./outcome.tsx";

function Intent({ action }: { action: ActionView }) {
  const { askedBy, agentId, amount, recipient, calls } = action;
  return (
    <div className="mt-1 flex flex-col gap-2">
      {askedBy?.kind === "strategy" && (
        <p>
          {askedBy.why}{" "}
          <Link
            href={`/agents/${agentId}/strategies/${askedBy.strategyId}`}
            className="whitespace-nowrap underline decoration-line underline-offset-4 hover:decoration-ink"
          >
            Turn {askedBy.turn + 1}
          </Link>
        </p>
      )}
      {askedBy?.kind === "strategy" && askedBy.proposal && (
        <code className="block break-all font-mono text-xs">
          {askedBy.proposal.tool}{" "}
          {Object.entries(askedBy.proposal.input)
            .map(([name, value]) => `${name}: ${value}`)
            .join(" · ")}
        </code>
      )}
      {amount && (
        <p className="flex flex-wrap items-center gap-x-2">
          <Amount units={amount.units} className="font-medium" />
          {recipient && (
            <>
              <span className="text-ink-3">to</span> <NamedAddress value={recipient} label="recipient" />
            </>
          )}
        </p>
      )}
      <Calls calls={calls} />
    </div>
  );
}

function intent(action: ActionView): ReceiptStep[] {
  return [
    {
      kind: "intent",
      title: askedWords(action.askedBy),
      at: action.createdAt,
      detail: <Intent action={action} />,
      hash: action.callDataHash,
      hashName: "calls",
    },
    ...(action.inferenceId === null
      ? []
      : [
          {
            kind: "proof" as const,
            title: "With the proved output its rule asks for",
            hash: action.inferenceId,
            href: `/verify/${action.inferenceId}`,
          },
        ]),
  ];
}

function decisions({ judged, breakers, refusal, updatedAt, signed, operation }: ActionView): ReceiptStep[] {
  const version = judged?.policyNumber == null ? "" : `, version ${judged.policyNumber}`;
  const allowed: ReceiptStep[] = judged
    ? [
        {
          kind: "decision",
          title: `The agent’s policy${version} allows it`,
          at: judged.at,
          hash: judged.policyHash,
          hashName: "policy",
          detail: (
            <>
              <Judgement judgement={judged} />
              {breakers !== null && breakers.length > 0 && (
                <p className="mt-2">Breakers let it pass. {breakers.map(readingWords).join(" · ")}</p>
              )}
            </>
          ),
        },
      ]
    : [];
  if (refusal)
    return [
      ...allowed,
      {
        kind: "decision",
        title: refusalTitle(refusal),
        at: updatedAt,
        state: "refused",
        detail: (
          <>
            {refusal.value !== "" && <p>{refusal.value}</p>}
            {refusal.fix !== "" && <p className="mt-1 font-medium text-ink">What to do: {refusal.fix}</p>}
          </>
        ),
      },
    ];
  const isUnrecorded = judged === null && (signed !== null || operation !== null);
  return isUnrecorded
    ? [{ kind: "decision", title: "The signer’s policy check allowed exactly these bytes" }]
    : allowed;
}

const approvals = (action: ActionView): ReceiptStep[] =>
  action.approvals.map(({ name, at }, index) => ({
    kind: "approval",
    title: `${name} approved of exactly these bytes (${index + 1} of ${action.approval?.needed ?? index + 1})`,
    at,
    hash: action.approval?.hash ?? undefined,
    hashName: "signed",
  }));

function signature({ signed, operation, agent, transaction, approval }: ActionView): ReceiptStep[] {
  if (!operation || !transaction) return [];
  return [
    {
      kind: "signature",
      title: "Signed by the agent’s key",
      at: signed?.at,
      hash: operation.hash,
      hashName: "operation",
      detail: (
        <>
          {signed && approval && (
            <div className="mt-1">
              <Caps judgement={signed} />
            </div>
          )}
          <DefinitionList
            items={[
              { term: "Key", value: <Identifier value={agent.key} label="key address" /> },
              { term: "Nonce", value: <Identifier value={operation.nonce} label="nonce" /> },
            ]}
          />
        </>
      ),
    },
  ];
}

function transaction({ transaction: sent, status, error }: ActionView): ReceiptStep[] {
  // What failed before a block had it is told as the outcome.
  if (!sent || (sent.blockNumber === null && sent.gasUsed === null) || (status === "failed" && !sent.hash && error))
    return [];
  const gas = gasWords(sent.gasUsed, sent.gasCost);
  return [
    {
      kind: "transaction",
      title: sent.blockNumber === null ? "The chain took it" : `In block ${sent.blockNumber}`,
      at: sent.minedAt ?? undefined,
      hash: sent.hash ?? undefined,
      detail: (
        <DefinitionList
          items={[
            ...(sent.sentAt ? [{ term: "Sent", value: <Time iso={sent.sentAt} isExact /> }] : []),
            ...(sent.sender ? [{ term: "Bundle by", value: <Identifier value={sent.sender} label="sender" /> }] : []),
            ...(gas ? [{ term: "Gas", value: <span className="tabular">{gas}</span> }] : []),
            ...(sent.payer
              ? [
                  {
                    term: "Paid by",
                    value: (
                      <span className="inline-flex flex-wrap items-center justify-end gap-x-2">
                        {sent.isSponsored ? "the gas sponsor" : "its account"}{" "}
                        <Identifier value={sent.payer} label="payer" />
                      </span>
                    ),
                  },
                ]
              : []),
          ]}
        />
      ),
    },
  ];
}

function outcome({ status, error, outcome: read, transaction: sent }: ActionView): ReceiptStep[] {
  if (status === "succeeded")
    return [
      {
        kind: "outcome",
        title: "It was carried out",
        detail: read ? <Outcome outcome={read} /> : "What it moved cannot be read from the chain now.",
      },
    ];
  if (status !== "failed") return [];
  return [
    {
      kind: "outcome",
      title: sent?.gasUsed ? "It failed on the chain; no money moved" : "It was not carried out; no money moved",
      state: "failed",
      detail: error ?? undefined,
    },
  ];
}

const WAITS = { planned: "decision", "awaiting-approval": "approval", submitted: "transaction" } as const;

function waiting(action: ActionView): ReceiptStep[] {
  const words = waitingWords(action);
  const { status, approval, transaction: sent } = action;
  if (words === null || !(status in WAITS)) return [];
  return [
    {
      kind: WAITS[status as keyof typeof WAITS],
      title: words,
      state: "waiting",
      hash: status === "awaiting-approval" ? (approval?.hash ?? undefined) : (sent?.hash ?? undefined),
      detail: approval?.until ? (
        <>
          Until <Time iso={approval.until} isExact />; then it is given up and nothing is paid.
        </>
      ) : undefined,
    },
  ];
}

/** From who asked to what came of it. What has not happened is named as what it waits for; a refusal is the end. */
export const actionSteps = (action: ActionView): ReceiptStep[] => [
  ...intent(action),
  ...decisions(action),
  ...approvals(action),
  ...signature(action),
  ...transaction(action),
  ...waiting(action),
  ...outcome(action),
];
