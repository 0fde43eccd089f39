import type { Metadata } from "next";
import Link from "next/link";
import { AgentTable } from "#components/agents/agent-table.tsx";
import { StopAll } from "#components/agents/stop-all.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { buttonClass } from "#components/ui/button-class.ts";

export const metadata: Metadata = { title: "Agents" };

export default function AgentsPage() {
  return (
    <>
      <PageHeader
        mark="bg-agents"
        title="Agents"
        description="Wallets for programs, with limits that hold even when the program goes wrong."
        action={
          <>
            <StopAll />
            <Link href="/agents/addresses" className={buttonClass()}>
              Addresses
            </Link>
            <Link href="/agents/approvals" className={buttonClass()}>
              Approvals
            </Link>
            <Link href="/agents/new" className={buttonClass({ variant: "primary" })}>
              Create an agent
            </Link>
          </>
        }
      />
      <AgentTable />
    </>
  );
}
