"use client";

import { useQuery } from "@tanstack/react-query";
import { every } from "../api/every.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { CLAIM_COLUMNS } from "./claim-columns.tsx";

/** What stands behind one's nodes on the chain: renters see it, and who cheats loses of it. */
export function ProviderStake() {
  const trpc = useTRPC();
  const query = useQuery(trpc.compute.stake.queryOptions(undefined, { refetchInterval: every(10_000), retry: false }));
  const stake = query.data;
  if (query.isError) return null;
  const own = stake?.addresses[0]?.address;
  const amount = (units: string | undefined) => units && <Amount units={units} />;
  return (
    <>
      <Card>
        <CardHeader
          title="Your stake"
          description="Renters see it beside your machines. It can be claimed only for a node that is suspended for cause, and you can contest that."
        />
        <CardBody className="flex flex-col gap-4">
          <StatGroup columns={3}>
            <Stat label="Behind your nodes" value={amount(stake?.active)} />
            <Stat label="In all" value={amount(stake?.total)} detail="what is leaving or claimed included" />
            <Stat label="Claims" value={stake && String(stake.claims.length)} />
          </StatGroup>
          {stake && own === undefined && (
            <p className="text-ink-3 text-sm">
              Add a passkey or a wallet in the settings first: a stake stands behind an address of yours.
            </p>
          )}
          {stake && own !== undefined && (
            <CodeBlock
              label="From any wallet: let the escrow take the dollars, then stake them for your address"
              code={`approve(${stake.escrow}, AMOUNT)   on the token ${stake.token}\nstake(${own}, AMOUNT)   on ${stake.escrow}`}
            />
          )}
        </CardBody>
      </Card>
      {stake && stake.claims.length > 0 && (
        <QueryCard
          title="Claims on your stake"
          query={{ ...query, data: { data: stake.claims } }}
          columns={CLAIM_COLUMNS}
          rowKey={(row) => row.id}
          empty={null}
        />
      )}
    </>
  );
}
