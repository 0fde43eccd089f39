import type { Metadata } from "next";
import { ActionDetail } from "#components/agents/action-detail.tsx";

export const metadata: Metadata = { title: "Action" };

export default async function ActionPage({ params }: { params: Promise<{ id: string; actionId: string }> }) {
  const { id, actionId } = await params;
  return <ActionDetail id={id} actionId={actionId} />;
}
