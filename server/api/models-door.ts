import { DomainError } from "#core/errors.ts";
import { aliasesOf, canonicalModel } from "#core/model-names.ts";
import type { ModelView } from "#core/schemas/compute.ts";
import { listModels } from "#server/compute/list-models.ts";
import { openDoor } from "./door.ts";

const PREFIX = "/api/v1/models/";

/** OpenAI's form of a model, with what Converge knows beside it. */
const viewOf = ({ id, createdAt, ...facts }: ModelView) => ({
  id,
  object: "model",
  created: Math.floor(Date.parse(createdAt) / 1000),
  owned_by: id.includes("/") ? id.slice(0, id.indexOf("/")) : "converge",
  converge: { ...facts, aliases: aliasesOf(id) },
});

/** `GET /api/v1/models`. */
export function handleModels(request: Request): Promise<Response> {
  return openDoor(request, { name: "models" }, async () => {
    const { data } = await listModels();
    return Response.json({ object: "list", data: data.map(viewOf) });
  });
}

/** `GET /api/v1/models/{id}`: by any of a model's names; its slash may be written as such or as %2F. */
export function handleModel(request: Request): Promise<Response> {
  return openDoor(request, { name: "model" }, async () => {
    const asked = decodeURIComponent(new URL(request.url).pathname.slice(PREFIX.length));
    const { data } = await listModels();
    const model = data.find(({ id }) => id === canonicalModel(asked));
    if (!model) throw new DomainError("MODEL_NOT_FOUND", { param: "model" });
    return Response.json(viewOf(model));
  });
}
