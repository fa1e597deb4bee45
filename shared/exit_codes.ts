/** Exit codes of the binary; docs/exit-codes.md explains them to users. */
export const EXIT = {
  ok: 0,
  failure: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** Not logged in, or the login was revoked or expired: the number that `gh` uses. */
  authenticationRequired: 4,
  /** Network or server trouble: the same command may succeed later (EX_TEMPFAIL of sysexits.h). */
  temporaryFailure: 75,
  /** The place that keeps credentials cannot be read or written. */
  credentialStore: 76,
  /** `upgrade --check` found a newer version: the number that dnf and rustup use. */
  updateAvailable: 100,
  /** Ctrl-C: 128 + SIGINT, as shells count. */
  interrupted: 130,
} as const;
