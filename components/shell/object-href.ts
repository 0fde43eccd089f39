const PAGES: Record<string, string> = { agt: "/agents/", prf: "/proofs/", inf: "/receipt/", rcp: "/receipt/" };

/** The page of an object, from its identifier alone; null when it has none. */
export function objectHref(id: string): string | null {
  const [, prefix = ""] = /^([a-z]{2,5})_[0-9a-z]{8,64}$/.exec(id) ?? [];
  const page = PAGES[prefix];
  return page === undefined ? null : page + id;
}
