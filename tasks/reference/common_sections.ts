/** What manuals say about every command: exit status, environment and files. */
import { brand } from "../../shared/brand.ts";
import type { EXIT } from "../../shared/exit_codes.ts";
import type { CLIENT_VARIABLES } from "../../shared/environment_variables.ts";
import { platformConfigFile } from "../../server/config/config_path.ts";
import type { Described } from "./command_reference.ts";

export const EXIT_STATUS: Record<keyof typeof EXIT, string> = {
  ok: "Success.",
  failure: "Failure: trying again does not help.",
  usage: "The command line is wrong: an unknown command or option, or an invalid value.",
  authenticationRequired: "Not logged in, or the login was revoked or has expired.",
  temporaryFailure: "The network or the server failed: the same command may succeed later.",
  credentialStore: "The keychain or the credentials file cannot be read or written.",
  updateAvailable: `\`${brand.binaryName} upgrade --check\` found a newer version.`,
  interrupted: "Interrupted by Ctrl-C.",
};

type ClientVariable = (typeof CLIENT_VARIABLES)[number];

/** Undefined for variables that only our CI templates read. */
const OWN_VARIABLES: Record<ClientVariable, string | undefined> = {
  TOKEN: "A token to use instead of a login.",
  TOKEN_SOCKET: `Set by \`${brand.binaryName} exec\` for its program: where this program gets a ` +
    "fresh token.",
  SERVER: "The server, used when --server is omitted.",
  CONFIG_DIR: "The folder for the list of logins and, without a keychain, their credentials.",
  CA_FILE: "A PEM file of certificate authorities to trust besides the system's.",
  PAGER: `The pager of \`${brand.binaryName} docs\`, before PAGER.`,
  SUBJECT_TOKEN_FILE: "A file with the identity token of this workload.",
  ID_TOKEN: "The identity token of this GitLab job.",
  RELEASE_URL: `The mirror that \`${brand.binaryName} upgrade\` downloads from.`,
  NO_UPDATE_NOTICE: "If not empty: no notices of newer versions.",
  VERSION: undefined,
  RELEASES: undefined,
  SHA: undefined,
};

export const CLIENT_ENVIRONMENT: readonly Described[] = [
  ...Object.entries(OWN_VARIABLES).flatMap(([name, description]) =>
    description === undefined ? [] : [{ term: `${brand.envPrefix}_${name}`, description }]
  ),
  { term: "NO_COLOR", description: "Turns off colors and bold text." },
  { term: "CLICOLOR_FORCE", description: "If not 0: colors and bold text without a terminal." },
  { term: "BROWSER", description: "The browser to open; none opens none." },
  {
    term: "HTTPS_PROXY, HTTP_PROXY, NO_PROXY",
    description: "The proxy for requests, and the hosts to reach without it.",
  },
  {
    term: "SSL_CERT_FILE, SSL_CERT_DIR",
    description: "A file and folders of certificate authorities, as for OpenSSL.",
  },
  { term: "XDG_CONFIG_HOME", description: "The parent of the configuration folder." },
];

export const SERVER_ENVIRONMENT: readonly Described[] = [
  { term: `${brand.envPrefix}_CONFIG`, description: "The configuration file." },
  {
    term: `${brand.envPrefix}_SETTING`,
    description:
      "Every setting, with its name in capitals. Flags override the environment, which " +
      "overrides the file.",
  },
];

export const CLIENT_FILES: readonly Described[] = [
  {
    term: `~/.config/${brand.folderName}/accounts.json`,
    description: `The list of logins, without secrets. On Windows, it is in ` +
      `%APPDATA%\\${brand.folderName}.`,
  },
  {
    term: `~/.config/${brand.folderName}/credentials/`,
    description: "Credentials, if there is no keychain.",
  },
];

export const SERVER_FILES: readonly Described[] = [
  { term: platformConfigFile("linux"), description: "The configuration file on Linux." },
  { term: platformConfigFile("darwin"), description: "The configuration file on macOS." },
  { term: platformConfigFile("windows"), description: "The configuration file on Windows." },
];

const SERVER_COMMANDS = new Set(["serve", "migrate", "healthcheck", "admin"]);

/** What the command at `path` reads; the program itself, what all of them do. */
export function surroundings(path: readonly string[]) {
  const name = path[1];
  const isServer = name === undefined || SERVER_COMMANDS.has(name);
  const isClient = name === undefined || !isServer;
  return {
    environment: [
      ...isClient ? CLIENT_ENVIRONMENT : [],
      ...isServer ? SERVER_ENVIRONMENT : [],
    ],
    files: [...isClient ? CLIENT_FILES : [], ...isServer ? SERVER_FILES : []],
  };
}
