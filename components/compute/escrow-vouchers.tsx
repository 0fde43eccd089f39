"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Dialog } from "../ui/dialog.tsx";
import type { Popup } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";

/** What stands behind an escrow's payments: its vouchers, and the receipts of each. */
export default function EscrowVouchers({ escrowId, ...popup }: Popup & { escrowId: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.escrow.listVouchers.queryOptions({ id: escrowId }, { enabled: popup.open }));
  const [newest] = data?.data ?? [];
  return (
    <Dialog
      {...popup}
      title="Vouchers"
      description="Each is worth all before it. The contract pays whoever the escrow is for, whoever brings the newest."
    >
      {data && !newest && (
        <p className="text-ink-3 text-sm">None yet: the first comes a moment after the first request.</p>
      )}
      {newest && (
        <div className="flex flex-col gap-4">
          <CodeBlock
            label="The newest, as settle takes it"
            code={JSON.stringify(
              {
                leaseId: newest.leaseId,
                cumulative: newest.cumulative,
                receiptsRoot: newest.receiptsRoot,
                signature: newest.signature,
              },
              null,
              2,
            )}
          />
          <ul className="divide-y divide-line border-line border-y">
            {data?.data.map((voucher) => (
              <li key={voucher.number} className="flex flex-col gap-1 py-2 text-sm">
                <span className="flex justify-between gap-4">
                  <span>
                    Voucher {voucher.number}, <Time iso={voucher.createdAt} />
                  </span>
                  <Amount units={voucher.cumulative} />
                </span>
                {voucher.receipts.map(({ receiptId, amount }) => (
                  <a
                    key={receiptId}
                    href={`/receipt/${receiptId}`}
                    className="flex justify-between gap-4 text-ink-2 text-xs underline-offset-2 hover:underline"
                  >
                    <span className="truncate font-mono">{receiptId}</span>
                    <Amount units={amount} />
                  </a>
                ))}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Dialog>
  );
}
