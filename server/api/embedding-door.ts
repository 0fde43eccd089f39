import { embeddingOrder } from "#core/inference-order.ts";
import { type EmbeddingRequest, embeddingRequest } from "#core/schemas/chat.ts";
import { readVector } from "#core/vectors.ts";
import { inferenceDoor } from "./inference-door.ts";

/** `POST /api/v1/embeddings`. */
export const handleEmbeddings = inferenceDoor<EmbeddingRequest>({
  name: "embeddings",
  read: (body) => embeddingRequest.parse(body),
  order: embeddingOrder,
  whole: ({ model }, events, { usage }, input) => ({
    object: "list",
    model,
    data: events.flatMap((event) =>
      event.type === "vectors"
        ? event.vectors.map((vector, index) => ({
            object: "embedding",
            index,
            embedding: input.encoding_format === "base64" ? vector : readVector(vector),
          }))
        : [],
    ),
    usage: { prompt_tokens: usage.promptTokens, total_tokens: usage.promptTokens },
  }),
  stream: null,
  // Vectors are made again as cheaply as they are kept.
  kept: null,
});
