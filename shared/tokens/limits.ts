/** Longest overlap: how long a rotated personal access token works beside its successor, in seconds. */
export const MAX_OVERLAP_SECONDS = 30 * 86_400;

/**
 * A token with less life left expires soon: the CLI and the pages warn of it, and its
 * owner gets the first reminder. In milliseconds.
 */
export const EXPIRES_SOON_MS = 7 * 86_400_000;
