/**
 * Environment variables of the CLI and of our CI templates, without the brand's
 * prefix. The server's settings are variables too; it reports what is neither.
 */
export const CLIENT_VARIABLES = [
  "TOKEN",
  "TOKEN_SOCKET",
  "SERVER",
  "CONFIG_DIR",
  "CA_FILE",
  "PAGER",
  "SUBJECT_TOKEN_FILE",
  "ID_TOKEN",
  "RELEASE_URL",
  "NO_UPDATE_NOTICE",
  // Of docs/ci and .github/actions.
  "VERSION",
  "RELEASES",
  "SHA",
] as const;
