import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { buttonClass } from "./button-class.ts";
import { cn } from "./class-names.ts";

type Props = { title: ReactNode; description?: ReactNode; className?: string };

/** What a dialog or a drawer is called, and the way out of it. A drawer's title and close button are a dialog's. */
export function PopupHeader({ title, description, className }: Props) {
  return (
    <div className={cn("flex items-start justify-between gap-4 px-4 py-3", className)}>
      <div className="min-w-0">
        <Dialog.Title className="font-medium text-lg">{title}</Dialog.Title>
        {description !== undefined && (
          <Dialog.Description className="mt-0.5 text-ink-3 text-sm">{description}</Dialog.Description>
        )}
      </div>
      <Dialog.Close aria-label="Close" className={cn(buttonClass({ variant: "ghost", size: "icon" }), "-mt-1 -mr-2")}>
        <X aria-hidden />
      </Dialog.Close>
    </div>
  );
}

/** The actions below a dialog or a drawer, clear of a phone's home bar. */
export function PopupFooter({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <div className={cn("border-line border-t px-4 py-3 pb-[max(12px,env(safe-area-inset-bottom))]", className)}>
      {children}
    </div>
  );
}
