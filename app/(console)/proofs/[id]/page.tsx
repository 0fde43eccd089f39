import type { Metadata } from "next";
import { ProofDetail } from "#components/proofs/proof-detail.tsx";

export const metadata: Metadata = { title: "Proof" };

export default async function ProofPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <ProofDetail id={id} />;
}
