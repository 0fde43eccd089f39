import type { Metadata } from "next";
import { StrategyDetail } from "#components/agents/strategy-detail.tsx";

export const metadata: Metadata = { title: "Strategy" };

export default async function StrategyPage({ params }: { params: Promise<{ id: string; strategyId: string }> }) {
  const { id, strategyId } = await params;
  return <StrategyDetail id={id} strategyId={strategyId} />;
}
