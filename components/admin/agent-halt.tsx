"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy } from "react";
import { every } from "../api/every.ts";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import { Opener } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

const ReasonDialog = lazy(() =>
  import("./reason-dialog.tsx").then(({ ReasonDialog: dialog }) => ({ default: dialog })),
);

/** The kill switch over all agents. */
export function AgentHalt() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { data } = useQuery(trpc.admin.agentHalt.queryOptions(undefined, { refetchInterval: every(5_000) }));
  const set = useMutation(
    trpc.admin.setAgentHalt.mutationOptions({
      onSuccess: ({ halted }) => {
        toast.success(halted ? "Nothing is signed for any agent from now on" : "Agents go on");
        return queryClient.invalidateQueries({ queryKey: trpc.admin.pathKey() });
      },
    }),
  );
  if (!data) return null;
  const { halted } = data;
  return (
    <Card>
      <CardHeader
        title={halted ? "All agents are stopped" : "Agents are working"}
        description={
          halted
            ? `The signer signs nothing for any of them. ${data.reason ?? ""}`
            : "Stopping them takes effect at the signer before the button is back. It is written down with your reason."
        }
        action={
          <Opener
            trigger={
              <Button variant={halted ? "primary" : "danger"}>{halted ? "Let them go on" : "Stop all agents"}</Button>
            }
          >
            {(popup) => (
              <ReasonDialog
                {...popup}
                title={halted ? "Let all agents go on" : "Stop all agents"}
                description="At once, at the signer, for everybody's agents."
                submitLabel={halted ? "Let them go on" : "Stop them"}
                error={set.error}
                isPending={set.isPending}
                onSubmit={(reason: string) =>
                  set.mutate({ halted: !halted, reason }, { onSuccess: () => popup.onOpenChange(false) })
                }
              />
            )}
          </Opener>
        }
      />
    </Card>
  );
}
