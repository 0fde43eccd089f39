import { useSearchParams } from "next/navigation";

/** A value that stands in the page's address, so that a link and a reload bring it back. */
export function useAddressValue(name: string): readonly [string | null, (next: string | null) => void] {
  const value = useSearchParams().get(name);
  const setValue = (next: string | null): void => {
    const address = new URL(window.location.href);
    if (next === null) address.searchParams.delete(name);
    else address.searchParams.set(name, next);
    // The router hears of it, and nothing is asked of the server.
    window.history.replaceState(null, "", address);
  };
  return [value, setValue];
}
