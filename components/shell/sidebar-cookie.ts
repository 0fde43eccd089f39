/** Remembers the width of the sidebar, so that the server renders it and nothing jumps. */
export const SIDEBAR_COOKIE = "converge-sidebar";
