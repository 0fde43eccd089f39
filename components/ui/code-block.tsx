import { cn } from "./class-names.ts";
import { CopyButton } from "./copy-button.tsx";

type CodeBlockProps = { code: string; label: string; className?: string };

export function CodeBlock({ code, label, className }: CodeBlockProps) {
  return (
    <figure className={cn("relative rounded-md border border-line bg-canvas", className)}>
      <figcaption className="flex h-9 items-center justify-between border-line border-b pr-1.5 pl-3 text-ink-3 text-xs">
        {label}
        <CopyButton value={code} label={`Copy ${label}`} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard. */}
      <pre tabIndex={0} className="scroll-thin overflow-x-auto p-3 font-mono text-sm leading-5">
        <code>{code}</code>
      </pre>
    </figure>
  );
}
