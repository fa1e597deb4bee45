/**
 * Every name a user can see. An operator who ships the product under another
 * name edits this file alone; `tests/e2e/brand_test.ts` holds us to it.
 */
export const brand = {
  /** As people read it: page titles, messages. */
  productName: "yourapp",
  /** The command people type. */
  binaryName: "yourapp",
  /** Environment variables: `${envPrefix}_TOKEN`. */
  envPrefix: "YOURAPP",
  /** Folder below the platform's configuration and data folders. */
  folderName: "yourapp",
  /** OAuth client_id of the built-in command line client. */
  cliClientId: "yourapp-cli",
  /** Service name of our entries in the operating system's keychain. */
  keychainService: "yourapp-cli",
  /** Prefixes that tell one kind of secret from another on sight, and for scanners. */
  tokenPrefixes: {
    personalAccessToken: "bst_",
    refreshToken: "bstr_",
    deviceCode: "bstd_",
    clientSecret: "bstc_",
  },
  /** Server a client without settings talks to. */
  defaultServer: "http://127.0.0.1:8787",
  /** Colours of the pages, as CSS colours for light and dark themes. */
  colours: {
    accent: { light: "#1f5fd0", dark: "#7aa9ff" },
    accentText: { light: "#ffffff", dark: "#0b1220" },
  },
} as const;
