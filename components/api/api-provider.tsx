"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpLink, splitLink, type TRPCLink } from "@trpc/client";
import { tap } from "@trpc/server/observable";
import { type ReactNode, useState } from "react";
import type { AppRouter } from "#server/api/root.ts";
import { createKeyKeeper } from "./keep-key.ts";
import { isTransient } from "./read-api-error.ts";
import { TRPCProvider } from "./trpc.ts";

/** An answer of ours (401, 404, …) is final; only failures that may pass are tried again. */
const isWorthRetrying = (failures: number, error: unknown): boolean => failures < 2 && isTransient(error);

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 5_000, retry: isWorthRetrying, refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
  });
}

/** The paging helper adds a word of its own to every input; our strict inputs refuse words they do not know. */
const withoutDirection: TRPCLink<AppRouter> = () => (call) => {
  const { input } = call.op;
  if (typeof input !== "object" || input === null || !("direction" in input)) return call.next(call.op);
  const { direction: _direction, ...rest } = input;
  return call.next({ ...call.op, input: rest });
};

/** Gives what moves money its idempotency key, kept over repeats until an answer is known. */
function withKeys(): TRPCLink<AppRouter> {
  const keys = createKeyKeeper();
  return () => (call) => {
    const kept = call.op.type === "mutation" ? keys.keyFor(call.op.path, call.op.input) : null;
    if (!kept) return call.next(call.op);
    const context = { ...call.op.context, idempotencyKey: kept.key };
    return call.next({ ...call.op, context }).pipe(tap({ next: () => kept.settle(), error: kept.settle }));
  };
}

// A keyed request makes one call, so it does not travel in a batch.
const transport = () =>
  splitLink<AppRouter>({
    condition: ({ context }) => typeof context.idempotencyKey === "string",
    true: httpLink({
      url: "/api/trpc",
      headers: ({ op }) => ({ "idempotency-key": String(op.context.idempotencyKey) }),
    }),
    false: httpBatchLink({ url: "/api/trpc" }),
  });

export function ApiProvider({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(() =>
    createTRPCClient<AppRouter>({ links: [withoutDirection, withKeys(), transport()] }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
