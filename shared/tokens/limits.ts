/** Longest overlap: how long a rotated token or secret works beside its successor, in seconds. */
export const MAX_OVERLAP_SECONDS = 30 * 86_400;
