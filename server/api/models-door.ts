import { listModels } from "#server/compute/list-models.ts";
import { openDoor } from "./door.ts";

/** `GET /api/v1/models` in OpenAI's form, with what Converge knows beside it. */
export function handleModels(request: Request): Promise<Response> {
  return openDoor(request, { name: "models" }, async () => {
    const { data } = await listModels();
    return Response.json({
      object: "list",
      data: data.map(({ id, createdAt, ...facts }) => ({
        id,
        object: "model",
        created: Math.floor(Date.parse(createdAt) / 1000),
        owned_by: id.includes("/") ? id.slice(0, id.indexOf("/")) : "converge",
        converge: facts,
      })),
    });
  });
}
