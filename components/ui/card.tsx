import type { ComponentProps, ReactNode } from "react";
import { cn } from "./class-names.ts";

export function Card({ className, ...props }: ComponentProps<"section">) {
  return <section className={cn("rounded-md border border-line bg-surface", className)} {...props} />;
}

type CardHeaderProps = {
  title: ReactNode;
  description?: ReactNode;
  action?: ReactNode;
  id?: string;
  className?: string;
};

export function CardHeader({ title, description, action, id, className }: CardHeaderProps) {
  return (
    <header
      className={cn(
        "flex flex-wrap justify-between gap-x-4 gap-y-2 border-line border-b px-4 py-3",
        description === undefined ? "items-center" : "items-start",
        className,
      )}
    >
      <div className="min-w-0">
        <h2 id={id} className="font-medium text-base">
          {title}
        </h2>
        {description !== undefined && <p className="mt-0.5 text-ink-3 text-sm">{description}</p>}
      </div>
      {action}
    </header>
  );
}

export function CardBody({ className, ...props }: ComponentProps<"div">) {
  return <div className={cn("p-4", className)} {...props} />;
}
