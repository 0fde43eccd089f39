import { Button as BaseButton } from "@base-ui/react/button";
import type { VariantProps } from "class-variance-authority";
import { LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";
import { buttonClass } from "./button-class.ts";
import { cn } from "./class-names.ts";

export type ButtonVariants = VariantProps<typeof buttonClass>;

type ButtonProps = Omit<ComponentProps<typeof BaseButton>, "className"> &
  ButtonVariants & { className?: string; isPending?: boolean };

/** While pending, the button keeps its label and its width, and cannot be pressed twice. */
export function Button({ className, variant, size, isPending = false, disabled, children, ...props }: ButtonProps) {
  return (
    <BaseButton
      type="button"
      aria-busy={isPending || undefined}
      disabled={disabled === true || isPending}
      focusableWhenDisabled={isPending}
      className={cn(buttonClass({ variant, size }), className)}
      {...props}
    >
      {isPending && <LoaderCircle aria-hidden className="animate-spin" />}
      {children}
    </BaseButton>
  );
}
