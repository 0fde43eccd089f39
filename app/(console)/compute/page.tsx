import type { Metadata } from "next";
import { ComputeView } from "#components/compute/compute-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { network } from "#server/api/network.ts";

export const metadata: Metadata = { title: "Compute" };

export default function ComputePage() {
  return (
    <>
      <PageHeader
        mark="bg-compute"
        title="Compute"
        description="Models on other people’s machines, billed by the token that arrived."
      />
      <ComputeView publicUrl={network.publicUrl} />
    </>
  );
}
