/** Longest time that a rotated personal access token lives on beside its successor, in seconds. */
export const MAX_OVERLAP_SECONDS = 30 * 86_400;
