const VARIANTS = {
  primary: "bg-action text-on-action hover:bg-action-hover",
  secondary: "border border-line bg-surface text-ink hover:border-line-strong",
  ghost: "text-ink-2 hover:bg-sunken hover:text-ink",
  danger: "border border-line bg-surface text-bad hover:border-bad",
} as const;

const SIZES = {
  sm: "h-7 px-2 text-sm pointer-coarse:h-10 pointer-coarse:px-3",
  md: "h-8 px-3 text-sm pointer-coarse:h-11",
  lg: "h-10 px-4 text-base pointer-coarse:h-11",
  xl: "h-12 px-4 text-base",
  icon: "size-8 pointer-coarse:size-11",
} as const;

export type ButtonLook = {
  variant?: keyof typeof VARIANTS | undefined;
  size?: keyof typeof SIZES | undefined;
};

/** The classes of a button, for links that look like one. */
export const buttonClass = ({ variant = "secondary", size = "md" }: ButtonLook = {}): string =>
  `inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-md font-medium transition-colors data-disabled:cursor-not-allowed data-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0 ${VARIANTS[variant]} ${SIZES[size]}`;
