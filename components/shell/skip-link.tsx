export function SkipLink() {
  return (
    <a
      href="#main"
      className="sr-only rounded-md bg-action px-3 py-2 text-on-action text-sm focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50"
    >
      Skip to the content
    </a>
  );
}
