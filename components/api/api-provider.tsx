"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, type TRPCLink } from "@trpc/client";
import { type ReactNode, useState } from "react";
import type { AppRouter } from "#server/api/root.ts";
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

export function ApiProvider({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(() =>
    createTRPCClient<AppRouter>({ links: [withoutDirection, httpBatchLink({ url: "/api/trpc" })] }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
