/** The field with the scopes that the page shows as available: no others are approved with it. */
export const SHOWN_SCOPE = "shown_scope";
