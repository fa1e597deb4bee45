import { brand } from "../../../shared/brand.ts";

const { accent, accentText } = brand.colors;

/** The product's mark: a prompt on a square in the brand's color. */
export const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    `<rect width="32" height="32" rx="7" fill="${accent.light}"/>` +
    `<path d="M9 10l6 6-6 6M17 22h7" fill="none" stroke="${accentText.light}" stroke-width="3"` +
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>',
);
