import type { Metadata } from "next";
import { CreateAgentForm } from "#components/agents/create-agent-form.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";

export const metadata: Metadata = { title: "New agent" };

export default function NewAgentPage() {
  return (
    <>
      <PageHeader
        mark="bg-agents"
        title="New agent"
        description="What it may do is what you write here, and nothing else."
      />
      <CreateAgentForm />
    </>
  );
}
