"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy } from "react";
import type { AdminTemplateView } from "#core/schemas/policy-template.ts";
import { useTRPC } from "../api/trpc.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Opener, type Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

const ReasonDialog = lazy(() =>
  import("./reason-dialog.tsx").then(({ ReasonDialog: dialog }) => ({ default: dialog })),
);

const STATES: StatusWords<AdminTemplateView["status"]> = {
  draft: ["idle", "Draft"],
  published: ["ok", "Published"],
  retired: ["paused", "Retired"],
};

export const TemplateStatus = ({ status }: Pick<AdminTemplateView, "status">) => (
  <StatusWord words={STATES} status={status} />
);

type Props = { template: Pick<AdminTemplateView, "id" | "name" | "status"> };

function useDecision(popup: Popup, done: string) {
  const queryClient = useQueryClient();
  const trpc = useTRPC();
  return {
    onSuccess: async () => {
      popup.onOpenChange(false);
      toast.success(done);
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: trpc.templateAdmin.pathKey() }),
        queryClient.invalidateQueries({ queryKey: trpc.agent.listPolicyTemplates.pathKey() }),
      ]);
    },
  };
}

function PublishDialog({ template: { id, name }, ...popup }: Popup & Props) {
  const trpc = useTRPC();
  const publish = useMutation(
    trpc.templateAdmin.publish.mutationOptions(useDecision(popup, `${name} is offered from now on`)),
  );
  return (
    <ReasonDialog
      {...popup}
      title={`Publish ${name}?`}
      description="Everybody who makes an agent is offered it from now on."
      submitLabel="Publish"
      isPending={publish.isPending}
      error={publish.error}
      onSubmit={(reason: string) => publish.mutate({ id, reason })}
    />
  );
}

function RetireDialog({ template: { id, name }, ...popup }: Popup & Props) {
  const trpc = useTRPC();
  const retire = useMutation(
    trpc.templateAdmin.retire.mutationOptions(useDecision(popup, `${name} is offered no longer`)),
  );
  return (
    <ReasonDialog
      {...popup}
      title={`Retire ${name}?`}
      description="It is offered no longer. Agents that were made from it stay as they are. It can be published again."
      submitLabel="Retire"
      isPending={retire.isPending}
      error={retire.error}
      onSubmit={(reason: string) => retire.mutate({ id, reason })}
    />
  );
}

/** Publishes what is not offered, and retires what is not retired. */
export function TemplateDecisions({ template }: Props) {
  return (
    <>
      {template.status !== "published" && (
        <Opener trigger={<Button size="sm">Publish</Button>}>
          {(popup) => <PublishDialog {...popup} template={template} />}
        </Opener>
      )}
      {template.status !== "retired" && (
        <Opener
          trigger={
            <Button size="sm" variant="ghost">
              Retire
            </Button>
          }
        >
          {(popup) => <RetireDialog {...popup} template={template} />}
        </Opener>
      )}
    </>
  );
}
