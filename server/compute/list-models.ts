import type { ModelView } from "#core/schemas/compute.ts";
import { COUNTING_METHODS, countingOf } from "#core/token-count.ts";
import { pool, sqlOf } from "#server/db.ts";
import { TIMING } from "./timing.ts";

type ModelRow = {
  features: ModelView["features"];
  precisions: string[];
  speed: number | null;
  first: number | null;
  model: string;
  nodes: number;
  context: number;
  input: bigint;
  output: bigint;
  since: Date;
};

/** The models that can be asked for right now. */
export async function listModels(): Promise<{ data: ModelView[] }> {
  const rows = await sqlOf(pool).query<ModelRow>(
    `SELECT o.model, count(*)::int AS nodes, max(o.context_tokens)::int AS context,
       min(o.input_price) AS input, min(o.output_price) AS output, min(n.joined_at) AS since,
       array(SELECT DISTINCT f FROM compute_offer x, unnest(x.features) f WHERE x.id = ANY(array_agg(o.id)) ORDER BY f) AS features,
       array_remove(array_agg(DISTINCT o.precision), NULL) AS precisions,
       max(o.tokens_per_second) AS speed, min(o.first_token_ms) AS first
     FROM compute_offer o JOIN compute_node n ON n.id = o.node_id
     WHERE o.is_active AND n.status = 'online' AND n.last_seen_at > now() - make_interval(secs => $1)
     GROUP BY o.model ORDER BY o.model LIMIT 500`,
    [TIMING.nodeOfflineAfterMs / 1000],
  );
  return {
    data: rows.map((row): ModelView => {
      const counting = countingOf(row.model);
      return {
        id: row.model,
        counting,
        countingMethod: COUNTING_METHODS[counting],
        nodesOnline: row.nodes,
        contextTokens: row.context,
        features: row.features,
        precisions: row.precisions,
        tokensPerSecond: row.speed,
        firstTokenMs: row.first,
        inputPriceMin: row.input.toString(),
        outputPriceMin: row.output.toString(),
        createdAt: row.since.toISOString(),
      };
    }),
  };
}
