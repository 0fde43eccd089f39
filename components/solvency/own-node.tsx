"use client";

import type { BalanceProof } from "#core/solvency.ts";
import { CardBody } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { ANCHOR_WORDS, curlOf, readAnswer } from "./ask-chain.ts";

type Pasted = { anchor: string; reserves: string };
type Props = { proof: BalanceProof; pasted: Pasted; onPaste: (pasted: Pasted) => void };

const problemOf = (text: string, words: number) =>
  text.trim() === "" || readAnswer(text, words)
    ? undefined
    : `The result of this call is 0x and ${words * 64} hexadecimal digits.`;

/** For whoever does not want to believe our reading of the chain: the questions to put to any node, and its answers. */
export function OwnNode({ proof, pasted, onPaste }: Props) {
  return (
    <CardBody className="flex flex-col gap-4 border-line border-t">
      <p className="max-w-prose text-ink-2 text-sm">
        Sum, root and reserves were read from the Vault at <span className="break-all font-mono">{proof.vault}</span>{" "}
        through this site. Make sure that it is the one you deposited to. Any node of chain {proof.chainId} gives the
        same answers: ask one that you trust and paste what it says.
      </p>
      <CodeBlock label="Ask a node of your own" code={curlOf(proof)} />
      <div className="grid gap-4 *:min-w-0 sm:grid-cols-2">
        <Field label="Its first answer" hint="Used in place of ours." error={problemOf(pasted.anchor, ANCHOR_WORDS)}>
          <Input
            value={pasted.anchor}
            onChange={(event) => onPaste({ ...pasted, anchor: event.target.value })}
            placeholder="0x…"
            spellCheck={false}
            autoComplete="off"
            className="font-mono"
          />
        </Field>
        <Field label="Its second answer" hint="Used in place of ours." error={problemOf(pasted.reserves, 1)}>
          <Input
            value={pasted.reserves}
            onChange={(event) => onPaste({ ...pasted, reserves: event.target.value })}
            placeholder="0x…"
            spellCheck={false}
            autoComplete="off"
            className="font-mono"
          />
        </Field>
      </div>
    </CardBody>
  );
}
