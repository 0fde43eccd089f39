import { LoaderCircle } from "lucide-react";
import type { ComponentProps, MouseEvent } from "react";
import { type ButtonLook, buttonClass } from "./button-class.ts";
import { cn } from "./class-names.ts";

type ButtonProps = ComponentProps<"button"> & ButtonLook & { isPending?: boolean; focusableWhenDisabled?: boolean };

/** While pending, the button keeps its label, its width and the focus, and cannot be pressed twice. */
export function Button(props: ButtonProps) {
  const { className, variant, size, isPending = false, disabled = false, focusableWhenDisabled, ...rest } = props;
  const { onClick, children, ...attributes } = rest;
  const isDisabled = disabled || isPending;
  const keepsFocus = isPending || focusableWhenDisabled === true;
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    // Also keeps a form from being sent: the browser sends it through this click.
    if (isDisabled) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button
      type="button"
      aria-busy={isPending || undefined}
      aria-disabled={(isDisabled && keepsFocus) || undefined}
      disabled={isDisabled && !keepsFocus}
      data-disabled={isDisabled ? "" : undefined}
      onClick={press}
      className={cn(buttonClass({ variant, size }), className)}
      {...attributes}
    >
      {isPending && <LoaderCircle aria-hidden className="animate-spin" />}
      {children}
    </button>
  );
}
