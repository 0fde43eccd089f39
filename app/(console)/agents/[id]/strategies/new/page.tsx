import type { Metadata } from "next";
import { StrategyForm } from "#components/agents/strategy-form.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";

export const metadata: Metadata = { title: "New strategy" };

export default async function NewStrategyPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <>
      <PageHeader
        mark="bg-agents"
        title="New strategy"
        description="What the agent does by itself, within the limits you signed."
      />
      <StrategyForm id={id} />
    </>
  );
}
