import { z } from "zod";
import {
  adminTemplateDetailOutput,
  adminTemplatesOutput,
  changeTemplateInput,
  createTemplateInput,
  decideTemplateInput,
  templateIdInput,
} from "#core/schemas/policy-template.ts";
import {
  changeTemplate,
  createTemplate,
  getTemplate,
  listAllTemplates,
  publishTemplate,
  retireTemplate,
} from "#server/wallets/policies/policy-template-admin.ts";
import { adminProcedure, router } from "../trpc.ts";

const tags = ["Admin"];

/** What agents may begin with, as the platform's admins write it. */
export const templateAdminRouter = router({
  list: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/policy-templates",
        tags,
        summary: "All policy templates, drafts and retired ones too",
        protect: true,
      },
    })
    .input(z.void())
    .output(adminTemplatesOutput)
    .query(() => listAllTemplates()),

  get: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/policy-templates/{id}",
        tags,
        summary: "One policy template with all its versions",
        protect: true,
      },
    })
    .input(templateIdInput)
    .output(adminTemplateDetailOutput)
    .query(({ input }) => getTemplate(input)),

  create: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/policy-templates",
        tags,
        summary: "Write a policy template; nobody is offered it yet",
        protect: true,
      },
    })
    .input(createTemplateInput)
    .output(adminTemplateDetailOutput)
    .mutation(({ ctx, input }) => createTemplate(ctx.actor, input)),

  change: adminProcedure
    .meta({
      openapi: {
        method: "PUT",
        path: "/admin/policy-templates/{id}",
        tags,
        summary: "Write a new version of a policy template; agents made from it stay as they are",
        protect: true,
      },
    })
    .input(changeTemplateInput)
    .output(adminTemplateDetailOutput)
    .mutation(({ ctx, input }) => changeTemplate(ctx.actor, input)),

  publish: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/policy-templates/{id}/publish",
        tags,
        summary: "Offer a policy template to everybody who makes an agent",
        protect: true,
      },
    })
    .input(decideTemplateInput)
    .output(adminTemplateDetailOutput)
    .mutation(({ ctx, input }) => publishTemplate(ctx.actor, input)),

  retire: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/policy-templates/{id}/retire",
        tags,
        summary: "Offer a policy template no longer; agents made from it stay as they are",
        protect: true,
      },
    })
    .input(decideTemplateInput)
    .output(adminTemplateDetailOutput)
    .mutation(({ ctx, input }) => retireTemplate(ctx.actor, input)),
});
