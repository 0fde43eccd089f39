import type { Metadata } from "next";
import { Approvals } from "#components/agents/approvals.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";

export const metadata: Metadata = { title: "Approvals" };

export default function ApprovalsPage() {
  return (
    <>
      <PageHeader
        mark="bg-agents"
        title="Approvals"
        description="What agents want to do and may not without people. You sign for one operation and no other."
      />
      <Approvals />
    </>
  );
}
