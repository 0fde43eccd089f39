/** Where a list goes on, as its last page says. */
export const nextPage = (page: { nextCursor: string | null }): string | undefined => page.nextCursor ?? undefined;
