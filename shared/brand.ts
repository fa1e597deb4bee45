/**
 * Every name that users see. To ship the product under another name, change only this file;
 * `tests/e2e/brand_test.ts` checks that it is enough.
 */
export const brand = {
  /** In page titles and messages. */
  productName: "yourapp",
  /** The command that users type. */
  binaryName: "yourapp",
  /** Environment variables: `${envPrefix}_TOKEN`. */
  envPrefix: "YOURAPP",
  /** Folder below the platform's configuration and data folders. */
  folderName: "yourapp",
  /** OAuth client_id of the CLI. */
  cliClientId: "yourapp-cli",
  /** Service name of our entries in the operating system's keychain. */
  keychainService: "yourapp-cli",
  /** Prefixes by which users and scanners recognize the kind of a secret. */
  tokenPrefixes: {
    personalAccessToken: "bst_",
    refreshToken: "bstr_",
    deviceCode: "bstd_",
    clientSecret: "bstc_",
    directoryToken: "bsts_",
  },
  /** Default server of the CLI. */
  defaultServer: "http://127.0.0.1:8787",
  /** How `login` logs in to a server that does not say it: see shared/oauth/login_flow.ts. */
  loginFlow: "device",
  /** Where releases are, and who may sign them. */
  release: {
    /** On GitHub, whose workflow publishes them. */
    repository: "OWNER/yourapp",
    /** Below it are `download/vVERSION/FILE` and `latest/download/FILE`: see shared/release.ts. */
    url: "https://github.com/OWNER/yourapp/releases",
    /**
     * The workflow that their provenance names, `REPOSITORY/PATH`: of the repository with the sources,
     * also where another repository publishes them. docs/releases.md
     */
    signerWorkflow: "OWNER/yourapp/.github/workflows/release-brand.yml",
    /** Of packages for Linux: `Name <address>`. */
    maintainer: "OWNER <security@example.com>",
    /** The organization on npm whose packages have the programs: `@npmScope/NAME-linux-x64`. */
    npmScope: "yourapp",
  },
  /** Colors of the pages, as CSS colors for light and dark themes. */
  colors: {
    accent: { light: "#1f5fd0", dark: "#7aa9ff" },
    accentText: { light: "#ffffff", dark: "#0b1220" },
  },
} as const;
