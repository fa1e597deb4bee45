/** Rules that concern more than one setting. */
import { brand } from "../../shared/brand.ts";
import { isManagementScope, managementResource } from "../../shared/management.ts";
import type { ScopeDescription } from "../scopes.ts";
import { knowsClientAddresses, UNKNOWN_ADDRESSES } from "./client_addresses.ts";
import { checkDistinct } from "./check_resource.ts";
import type { FileResource } from "./config_file_resources.ts";
import { defaultIssuer } from "./default_issuer.ts";
import { otlpSettings } from "../telemetry/otlp_settings.ts";
import { flagName, type SettingSource, variableName } from "./gather.ts";
import type { ParsedSettings } from "./parse.ts";
import { isLoopbackHost } from "./parsers.ts";
import type { ConfigProblem } from "./problem.ts";
import type { SettingName } from "./schema.ts";
import type { ServerConfig } from "./server_config.ts";
import { parseProxyUrl, PROXY_VARIABLES, proxyVariable } from "./setting_url.ts";

/** What is wrong with values that are valid one by one. Settings with a problem are left out. */
export function crossCheck(
  config: ServerConfig,
  sources: ReadonlyMap<SettingName, SettingSource>,
  invalid: ParsedSettings["invalid"],
  os: string,
): ConfigProblem[] {
  const valid = (...names: SettingName[]) => names.every((name) => !invalid.has(name));
  return [
    ...incompletePairs(sources),
    ...sources.has("database_url") ? [] : missingFolder(config),
    ...valid("listen", "trusted_proxies") ? exposure(config) : [],
    ...valid("listen", "issuer") ? missingIssuer(config) : [],
    ...valid("audience", "issuer", "listen") ? reservedAudience(config) : [],
    ...valid("pat_default_lifetime", "pat_max_lifetime") ? lifetimes(config) : [],
    ...sources.has("signing_key_file") && sources.has("signing_key_command")
      ? [
        {
          code: "set_twice",
          subject: "signing_key_command",
          message: "cannot be used with signing_key_file. Keep one of them.",
        } as const,
      ]
      : [],
    ...valid("password_sign_in", "break_glass_administrators") ? breakGlass(config) : [],
    ...valid("workers", "database_url") ? impossibleWorkers(config, os) : [],
    ...valid("issuer", "tls_cert", "tls_key", "trusted_proxies") ? unknownNetworks(config) : [],
  ];
}

/** One process only can open the embedded database. Only Linux distributes connections. */
function impossibleWorkers({ workers, databaseUrl }: ServerConfig, os: string): ConfigProblem[] {
  if (workers === "auto" || workers === 1) return [];
  const problem = { code: "invalid_value", subject: "workers" } as const;
  if (databaseUrl === undefined) {
    const message = "several processes cannot share the embedded database. Set database_url to " +
      "use PostgreSQL, or set workers to 1.";
    return [{ ...problem, message }];
  }
  if (os === "linux") return [];
  const message = "several processes can share one port on Linux only. Set workers to 1, and run " +
    "several servers behind a load balancer.";
  return [{ ...problem, message }];
}

const PAIRS: readonly [SettingName, SettingName][] = [
  ["tls_cert", "tls_key"],
  ["smtp_url", "mail_from"],
  ["audit_stream", "audit_stream_secret"],
];

function incompletePairs(sources: ReadonlyMap<SettingName, SettingSource>): ConfigProblem[] {
  return PAIRS.flatMap((pair): ConfigProblem[] => {
    const [set, ...others] = pair.filter((name) => sources.has(name));
    if (set === undefined || others.length > 0) return [];
    const missing = pair.find((name) => name !== set)!;
    const message = `requires ${missing} as well. Set both or neither.`;
    return [{ code: "incomplete_pair", subject: set, message }];
  });
}

function missingFolder({ dataDir }: ServerConfig): ConfigProblem[] {
  if (dataDir !== "") return [];
  const setting = { name: "data_dir" };
  return [{
    code: "missing",
    subject: setting.name,
    message: `this user has no home folder, so there is no default. Set ${
      variableName(setting)
    } or ${flagName(setting)} to the folder for the database.`,
  }];
}

/** Tokens and passwords cross this connection, so plain HTTP is for loopback only. */
function exposure({ listen, tls, trustedProxies }: ServerConfig): ConfigProblem[] {
  if (isLoopbackHost(listen.hostname) || tls || trustedProxies.length > 0) return [];
  return [{
    code: "exposed_without_https",
    subject: "listen",
    message: `${listen.hostname} is reachable from other machines without HTTPS. Set tls_cert ` +
      "and tls_key, or set trusted_proxies to the HTTPS reverse proxy in front of the server, " +
      "or listen on 127.0.0.1.",
  }];
}

function missingIssuer({ issuer, listen }: ServerConfig): ConfigProblem[] {
  if (issuer !== undefined || isLoopbackHost(listen.hostname)) return [];
  return [{
    code: "missing",
    subject: "issuer",
    message: "required when other machines can connect. Set it to the public URL, such as " +
      "https://auth.example.com.",
  }];
}

/** No API may share the audience of the management interface (RFC 9068 section 4). */
function reservedAudience(config: ServerConfig): ConfigProblem[] {
  const issuer = config.issuer ?? defaultIssuer(config, config.listen);
  const reserved = managementResource(issuer);
  if (config.audience !== reserved) return [];
  return [{
    code: "reserved",
    subject: "audience",
    message: `${reserved} is the management interface. Use the URL of your API.`,
  }];
}

function lifetimes({ personalAccessTokens }: ServerConfig): ConfigProblem[] {
  const { defaultLifetime, maxLifetime } = personalAccessTokens;
  if (defaultLifetime <= maxLifetime) return [];
  return [{
    code: "out_of_range",
    subject: "pat_default_lifetime",
    message: "is longer than pat_max_lifetime. Reduce it, or raise pat_max_lifetime.",
  }];
}

/** Without any password, an identity provider that is down would lock everyone out. */
function breakGlass({ passwordSignIn }: ServerConfig): ConfigProblem[] {
  if (passwordSignIn.enabled || passwordSignIn.breakGlass.length > 0) return [];
  return [{
    code: "missing",
    subject: "break_glass_administrators",
    message: "required with password_sign_in = off: name at least one administrator who can sign " +
      "in with a password when the identity provider is down.",
  }];
}

/** Those of the default resource and of each resource of the file. */
export function configuredScopes(
  { scopes, resources }: Pick<ServerConfig, "scopes" | "resources">,
): ScopeDescription[] {
  return [scopes, ...resources.map((resource) => resource.scopes)].flat();
}

/** Behind a proxy that is not trusted, every approval would come from the same network. */
function unknownNetworks(config: ServerConfig): ConfigProblem[] {
  if (knowsClientAddresses(config)) return [];
  return configuredScopes(config)
    .filter(({ deviceFlow }) => deviceFlow?.includes("same-network"))
    .map(({ name }) => ({
      code: "invalid_value",
      subject: "config file",
      message: `scope "${name}": ${UNKNOWN_ADDRESSES}`,
    }));
}

/** Scopes of the config file must not take the names of the management interface. */
export function reservedScopes(scopes: readonly ScopeDescription[]): ConfigProblem[] {
  return scopes.filter(({ name }) => isManagementScope(name)).map(({ name }) => ({
    code: "reserved",
    subject: "config file",
    message: `the scope "${name}" is reserved. Choose a name that does not start with manage:.`,
  }));
}

/** Each resource has its own name, identifier and scopes. */
export function sharedNames(
  config: ServerConfig,
  resources: readonly FileResource[],
): ConfigProblem[] {
  const issuer = config.issuer ?? defaultIssuer(config, config.listen);
  const identifiers = [issuer, config.audience ?? issuer, managementResource(issuer)];
  const taken = {
    names: [] as string[],
    identifiers,
    scopes: [...config.scopes] as { name: string; resource?: string }[],
  };
  return resources.flatMap(({ resource, describe }): ConfigProblem[] => {
    const problem = checkDistinct(resource, taken);
    taken.identifiers.push(resource.identifier);
    taken.scopes.push(...resource.scopes.map(({ name }) => ({ name, resource: resource.name })));
    if (problem === undefined) return [];
    return [{ code: "reserved", subject: describe(problem.field), message: problem.message }];
  });
}

/** What works, but probably not as intended. */
export function configWarnings(
  config: ServerConfig,
  env: Record<string, string>,
): ConfigProblem[] {
  const warnings = PROXY_VARIABLES.flatMap((name): ConfigProblem[] => {
    const value = proxyVariable(env, name);
    const proxy = value === undefined ? undefined : parseProxyUrl(value);
    if (typeof proxy !== "string") return [];
    return [{ code: "invalid_value", subject: name, message: proxy }];
  });
  if (!knowsClientAddresses(config)) {
    warnings.unshift({
      code: "missing",
      subject: "trusted_proxies",
      message: "the issuer uses HTTPS and the server itself does not, so there must be a reverse " +
        "proxy, and this setting should have its address. Without it, all clients share the " +
        "proxy's address and its rate limits. For a proxy on this machine, use 127.0.0.1, ::1",
    });
  }
  const telemetry = otlpSettings(env, brand.binaryName).problems
    .map(({ variable, message }): ConfigProblem => ({
      code: "invalid_value",
      subject: variable,
      message,
    }));
  return [...warnings, ...exposedMetrics(config), ...telemetry];
}

/** Who reads them learns how much is going on, and which versions run. */
function exposedMetrics({ metrics, workers }: ServerConfig): ConfigProblem[] {
  const { listen, token } = metrics;
  if (token !== undefined && listen === undefined && workers !== 1) {
    return [{
      code: "missing",
      subject: "metrics_listen",
      message: "with several workers, /metrics has the counts of whichever worker accepts the " +
        "connection, so that counters jump. Set it to read those of all workers, such as to " +
        "127.0.0.1:9464.",
    }];
  }
  if (listen === undefined || token !== undefined || isLoopbackHost(listen.hostname)) return [];
  return [{
    code: "missing",
    subject: "metrics_token",
    message: `anyone who can connect to ${listen.hostname}:${listen.port} can read the metrics. ` +
      "Set it, or let metrics_listen be an address that only Prometheus can reach, and then " +
      "ignore this.",
  }];
}
