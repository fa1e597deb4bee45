/** Checks of the program, its terminal, its environment and the authorities that it trusts. */
import { brand } from "../../shared/brand.ts";
import {
  CA_FILE_VARIABLE,
  CertificateAuthorityError,
  findAuthorities,
} from "../../shared/certificate_authorities.ts";
import { CLIENT_VARIABLES } from "../../shared/environment_variables.ts";
import { hasStyle } from "../../shared/terminal_style.ts";
import { versionText } from "../../shared/version.ts";
import type { ClientIo } from "../io.ts";
import { failed, type Finding, ok, warning } from "../../shared/finding.ts";

/** Variables of others that change what the program does. */
const VARIABLES = [
  ...["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"],
  ...["https_proxy", "http_proxy", "all_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR"],
  ...["XDG_CONFIG_HOME", "APPDATA", "DBUS_SESSION_BUS_ADDRESS", "SSH_CONNECTION"],
  ...["BROWSER", "NO_COLOR", "CLICOLOR_FORCE", "TERM", "TZ"],
  ...["CI", "GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "BITBUCKET_BUILD_NUMBER"],
];

export function programFindings(io: ClientIo): Finding[] {
  return [
    ok("version", `${versionText()}${describeSystem(io)}`),
    ok("terminal", describeTerminal(io)),
    ok("environment", describeEnvironment(io.env)),
    authorities(io),
  ];
}

function describeSystem({ env, platform }: ClientIo): string {
  const where = [
    ...(/microsoft/i.test(platform.release) ? ["Windows Subsystem for Linux"] : []),
    ...(env.SSH_CONNECTION ? ["over SSH"] : []),
  ];
  return [`; system ${platform.release}`, ...where].join(", ");
}

function describeTerminal(io: ClientIo): string {
  const streams = Object.entries({
    input: io.stdinIsTerminal,
    output: io.stdoutIsTerminal,
    errors: io.stderrIsTerminal,
  }).flatMap(([name, isTerminal]) => isTerminal ? [name] : []);
  if (streams.length === 0) return "no terminal";
  const colors = hasStyle(io.stdoutIsTerminal, io.env) ? "colors" : "no colors";
  return `${streams.join(", ")} on a terminal of ${io.stderrColumns()} columns, ${colors}`;
}

/** Names only: values may be secret. */
function describeEnvironment(env: ClientIo["env"]): string {
  const own = Object.keys(env)
    .filter((name) => name.startsWith(`${brand.envPrefix}_`) && env[name]).sort();
  const others = VARIABLES.filter((name) => env[name]);
  const isKnown = (name: string) =>
    CLIENT_VARIABLES.some((known) => name === `${brand.envPrefix}_${known}`);
  const unused = own.filter((name) => !isKnown(name));
  const used = [...own.filter(isKnown), ...others];
  return (used.length === 0
    ? "no environment variable has an effect"
    : `variables with an effect: ${used.join(", ")}`) +
    (unused.length === 0 ? "" : `; not used by the client: ${unused.join(", ")}`);
}

function authorities({ env, platform: { os } }: ClientIo): Finding {
  try {
    const { systemFile, builtIn, settings } = findAuthorities({
      env,
      os,
      caFile: env[CA_FILE_VARIABLE],
    });
    const missing = settings.filter(({ ignored }) => ignored !== undefined);
    if (missing.length > 0) {
      return warning(
        "authorities",
        `the folder ${missing[0].path} of SSL_CERT_DIR cannot be read`,
        "Create it, or remove it from the variable.",
      );
    }
    const named = settings.find(({ path }) => path === systemFile);
    const system = systemFile === undefined
      ? "those of the system"
      : `those in ${systemFile}${named === undefined ? "" : ` (${named.name})`}`;
    const base = os === "linux" && builtIn
      ? "those of Mozilla, since this system has no bundle"
      : builtIn
      ? `${system} and of Mozilla`
      : system;
    const added = settings.filter(({ path }) => path !== systemFile)
      .map(({ name, path }) => `${path} (${name})`);
    return ok(
      "authorities",
      `trusted certificate authorities: ${[base, ...added].join(", ")}`,
    );
  } catch (error) {
    if (!(error instanceof CertificateAuthorityError)) throw error;
    return failed("authorities", error.message);
  }
}
