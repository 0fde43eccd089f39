type Options = { description?: string | undefined; duration?: number };

let isWanted = false;
const listeners = new Set<() => void>();

function show(kind: "success" | "error", title: string, { description, ...options }: Options = {}): void {
  isWanted = true;
  for (const listener of listeners) listener();
  void import("sonner").then(({ toast: shown }) =>
    shown[kind](title, { ...options, ...(description === undefined ? {} : { description }) }),
  );
}

/** Says in passing that something happened. What draws it is fetched with the first word. */
export const toast = {
  success: (title: string, options?: Options) => show("success", title, options),
  error: (title: string, options?: Options) => show("error", title, options),
};

export const toastDemand = {
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  isWanted: () => isWanted,
};
