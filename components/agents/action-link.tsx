import Link from "next/link";

/** To everything that is known of an action. */
export const ActionLink = ({ agentId, id }: { agentId: string; id: string }) => (
  <Link
    href={`/agents/${agentId}/actions/${id}`}
    className="whitespace-nowrap rounded-sm underline decoration-line underline-offset-4 hover:decoration-ink"
  >
    Its timeline
  </Link>
);
