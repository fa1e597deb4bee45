import { isAbsolute, join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { parseDurationSeconds } from "../../shared/duration.ts";
import {
  isManagementScope,
  MANAGEMENT_SCOPES,
  managementResource,
} from "../../shared/management.ts";
import { checkFiles } from "./check_files.ts";
import { type ConfigFile, readConfigFile } from "./config_file.ts";
import { dataFolder } from "./data_dir.ts";
import type { Role, ScopeDescription } from "../scopes.ts";
import { parseNetwork } from "../http/ip_address.ts";
import type { ServerIo } from "../io.ts";
import { type Setting, type SettingName, settings } from "./schema.ts";
import {
  displayUrl,
  httpUrlProblem,
  parseProxyUrl,
  parseSmtpUrl,
  PROXY_VARIABLES,
  proxyVariable,
} from "./setting_url.ts";
import { isLoopbackHost, parseListenAddress } from "./parsers.ts";
import { parsePostgresUrl, PostgresUrlError } from "../store/db/postgres_url.ts";
import { webhookKey } from "./webhook_key.ts";
import { unknownVariables } from "./unknown_variables.ts";

export type SigningAlgorithm = "ES256" | "EdDSA" | "Ed25519" | "RS256";

/** The server's settings, checked. Durations are in seconds. */
export interface ServerConfig {
  listen: { hostname: string; port: number };
  /** Undefined: the address it listens on. */
  issuer?: string;
  dataDir: string;
  databaseUrl?: string;
  secretKey?: string;
  trustedProxies: string[];
  tls?: { certFile: string; keyFile: string };
  /** Undefined: the issuer. */
  audience?: string;
  signingAlgorithm: SigningAlgorithm;
  keyRotation: number;
  accessTokenLifetime: number;
  refreshTokenIdleLifetime: number;
  refreshTokenAbsoluteLifetime: number;
  deviceFlow: { enabled: boolean; codeLifetime: number; freshSignInSeconds?: number };
  session: { idleSeconds: number; absoluteSeconds: number };
  auditRetention: number;
  /** Workload identity: private issuers allowed, and whether refusals tell the failed condition. */
  federation: { privateIssuers: boolean; detailedErrors: boolean };
  personalAccessTokens: TokenPolicy;
  /** Whether requests to addresses of the settings may leave the public internet. */
  outboundPrivateAddresses: boolean;
  /** Where GitHub publishes the keys that sign its secret scanning alerts. */
  secretScanningKeysUrl: string;
  webhook?: { url: string; secret?: string };
  /** Mail server, with user and password, and sender. */
  mail?: { url: string; from: string };
  scopes: ScopeDescription[];
  geoipFile?: string;
}

/** What people may ask of a personal access token. Durations are in seconds. */
export interface TokenPolicy {
  defaultLifetime: number;
  maxLifetime: number;
  neverExpire: boolean;
  /** Tokens that one person or service account may have. */
  maxPerOwner: number;
  /** Whether a token reported as leaked ends at once. */
  revokeLeaked: boolean;
}

/** One setting as it took effect, for `serve --check`; the empty value if it is not set. */
export interface EffectiveSetting {
  name: string;
  value: string;
  source: string;
  secret: boolean;
}

export interface LoadedConfig {
  config: ServerConfig;
  effective: EffectiveSetting[];
  /** What is wrong, and what to do about it. The server starts only if there is none. */
  problems: string[];
  /** What works but is hardly meant. */
  warnings: string[];
}

/** Scopes every server knows (OpenID Connect Core 1.0 sections 5.4 and 11). */
const STANDARD_SCOPES: ScopeDescription[] = [
  { name: "openid", description: "Know who you are" },
  { name: "profile", description: "See your name" },
  { name: "email", description: "See your e-mail address" },
  { name: "offline_access", description: "Stay logged in until you log out", tokens: false },
];

/**
 * What the management interface's tokens permit, in the words of the approval page. Only
 * the command line may ask for it, and no personal access token carries it.
 */
const MANAGEMENT_SCOPE_DESCRIPTIONS: ScopeDescription[] = [
  {
    name: MANAGEMENT_SCOPES.read,
    description:
      "List your personal access tokens, and those created with this login, and see their " +
      "details, but not the tokens",
  },
  {
    name: MANAGEMENT_SCOPES.write,
    description: "Create, rotate and revoke your personal access tokens. A token that it creates " +
      "acts as you, with any permission listed here, until it expires or is revoked, even after " +
      "this login ends",
  },
  {
    name: MANAGEMENT_SCOPES.admin,
    description:
      "Act as an administrator: see and revoke everyone's personal access tokens, import " +
      "tokens that act as other people, and create and rotate tokens that act as service " +
      "accounts, with the permissions listed here",
    roles: ["admin"] as Role[],
  },
].map((scope) => ({ ...scope, clients: [brand.cliClientId], tokens: false }));

/** Flags as the command line hands them over: camelCase names, plus the config file's path. */
export type SettingFlags = Record<string, string | boolean | undefined>;

/**
 * Gathers settings from flags, environment and file. Never throws for a bad
 * value: everything wrong is listed, so that an operator mends it in one go.
 */
export async function loadConfig(flags: SettingFlags, io: ServerIo): Promise<LoadedConfig> {
  const problems: string[] = [];
  const file = await readConfigFile(flags.config, io, problems);
  const effective: EffectiveSetting[] = [];
  const raw = new Map<SettingName, string>();
  for (const setting of settings as readonly (Setting & { name: SettingName })[]) {
    const found = lookUp(setting, flags, io.env, file) ?? platformDefault(setting.name, io);
    if (found !== undefined) raw.set(setting.name, found.value);
    const shown = found ?? { value: "", source: "default" };
    effective.push({ name: setting.name, ...shown, secret: setting.secret ?? false });
  }
  const config = checkedConfig(raw, file, problems);
  problems.push(...await checkFiles(config, file));
  const unknown = unknownVariables(io.env);
  problems.push(...unknown.problems);
  const warnings = [...warningsFor(config), ...unknown.warnings, ...proxyWarnings(io.env)];
  return { config, effective, problems, warnings };
}

/** Proxies that cannot be used: only requests to other servers need one. */
function proxyWarnings(env: Record<string, string>): string[] {
  return PROXY_VARIABLES.flatMap((name) => {
    const value = proxyVariable(env, name);
    const parsed = value === undefined ? undefined : parseProxyUrl(value);
    return typeof parsed === "string" ? [`${name}: ${parsed}`] : [];
  });
}

function lookUp(
  setting: Setting & { name: SettingName },
  flags: SettingFlags,
  env: Record<string, string>,
  file: ConfigFile,
): { value: string; source: string } | undefined {
  const flag = flags[setting.name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())];
  if (typeof flag === "string") {
    return { value: flag, source: `--${setting.name.replaceAll("_", "-")}` };
  }
  const variable = `${brand.envPrefix}_${setting.name.toUpperCase()}`;
  if (env[variable]) return { value: env[variable], source: variable };
  if (setting.name === "database_url" && env.DATABASE_URL) {
    return { value: env.DATABASE_URL, source: "DATABASE_URL" };
  }
  const written = file.values[setting.name];
  if (written !== undefined) return { value: written, source: file.path ?? "config file" };
  const { fallback } = setting;
  return fallback === undefined ? undefined : { value: fallback, source: "default" };
}

/** The one default that depends on the machine. */
function platformDefault(
  name: SettingName,
  io: ServerIo,
): { value: string; source: string } | undefined {
  const folder = name === "data_dir" ? dataFolder(io) : undefined;
  return folder === undefined ? undefined : { value: folder, source: "default" };
}

function checkedConfig(
  raw: Map<SettingName, string>,
  file: ConfigFile,
  problems: string[],
): ServerConfig {
  const seconds = (name: SettingName, least: number): number => {
    const value = raw.get(name);
    if (value === undefined) return 0;
    const parsed = parseDurationSeconds(value);
    if (parsed !== undefined && parsed >= least) return parsed;
    problems.push(
      `${name}: "${value}" is no duration of at least ${least} s; write it like 90s, 15m, 8h or 30d`,
    );
    return least;
  };
  const count = (name: SettingName): number => {
    const value = raw.get(name)!;
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    problems.push(`${name}: "${value}" is no number of 1 or more`);
    return 1;
  };
  const oneOf = <T extends string>(name: SettingName, allowed: readonly [T, ...T[]]): T => {
    const value = raw.get(name);
    const match = allowed.find((candidate) => candidate === value);
    if (match === undefined) {
      problems.push(`${name}: "${value}" is not one of ${allowed.join(", ")}`);
    }
    return match ?? allowed[0];
  };
  const listen = parseListenAddress(raw.get("listen")!);
  if (listen === undefined) {
    problems.push(`listen: "${raw.get("listen")}" is no address; write it like 127.0.0.1:8787`);
  }
  const trustedProxies = raw.get("trusted_proxies")!.split(",").map((text) => text.trim())
    .filter((text) => text !== "");
  for (const network of trustedProxies) {
    if (parseNetwork(network) === undefined) {
      problems.push(`trusted_proxies: "${network}" is no address or CIDR network like 10.0.0.0/8`);
    }
  }
  const config: ServerConfig = {
    listen: listen ?? { hostname: "127.0.0.1", port: 8787 },
    issuer: raw.get("issuer")?.replace(/\/$/, ""),
    dataDir: raw.get("data_dir") ?? "",
    databaseUrl: raw.get("database_url"),
    secretKey: raw.get("secret_key"),
    trustedProxies,
    audience: raw.get("audience"),
    signingAlgorithm: oneOf("signing_algorithm", ["ES256", "EdDSA", "RS256", "Ed25519"]),
    keyRotation: seconds("key_rotation", 3600),
    accessTokenLifetime: seconds("access_token_lifetime", 60),
    refreshTokenIdleLifetime: seconds("refresh_token_idle_lifetime", 60),
    refreshTokenAbsoluteLifetime: seconds("refresh_token_absolute_lifetime", 60),
    deviceFlow: {
      enabled: oneOf("device_flow", ["on", "off"]) === "on",
      codeLifetime: seconds("device_code_lifetime", 60),
    },
    session: {
      idleSeconds: seconds("session_idle_lifetime", 60),
      absoluteSeconds: seconds("session_absolute_lifetime", 60),
    },
    auditRetention: seconds("audit_retention", 86_400),
    federation: {
      privateIssuers: oneOf("federation_private_issuers", ["off", "on"]) === "on",
      detailedErrors: oneOf("federation_errors", ["brief", "detailed"]) === "detailed",
    },
    personalAccessTokens: {
      defaultLifetime: seconds("pat_default_lifetime", 60),
      maxLifetime: seconds("pat_max_lifetime", 60),
      neverExpire: oneOf("pat_never_expire", ["off", "on"]) === "on",
      maxPerOwner: count("pat_max_per_owner"),
      revokeLeaked: oneOf("pat_leak_policy", ["revoke", "tell"]) === "revoke",
    },
    outboundPrivateAddresses: oneOf("outbound_private_addresses", ["off", "on"]) === "on",
    secretScanningKeysUrl: raw.get("secret_scanning_keys_url")!,
    scopes: [
      ...STANDARD_SCOPES.filter((one) => !file.scopes.some((other) => other.name === one.name)),
      ...MANAGEMENT_SCOPE_DESCRIPTIONS,
      ...file.scopes,
    ].map((scope) => ({ ...scope })),
    geoipFile: raw.get("geoip_file"),
  };
  if (raw.has("device_fresh_sign_in")) {
    config.deviceFlow.freshSignInSeconds = seconds("device_fresh_sign_in", 1);
  }
  const certFile = raw.get("tls_cert");
  const keyFile = raw.get("tls_key");
  if (certFile !== undefined && keyFile !== undefined) config.tls = { certFile, keyFile };
  else if (certFile !== undefined || keyFile !== undefined) {
    problems.push("tls_cert and tls_key belong together: give both or neither");
  }
  const webhookUrl = raw.get("webhook_url");
  if (webhookUrl !== undefined) {
    config.webhook = { url: webhookUrl, secret: raw.get("webhook_secret") };
  }
  const webhookSecret = raw.get("webhook_secret");
  if (webhookSecret !== undefined && webhookKey(webhookSecret) === undefined) {
    problems.push(
      "webhook_secret: after whsec_ it must be base64 of 24 to 64 bytes; " +
        'try: echo "whsec_$(openssl rand -base64 32)"',
    );
  }
  const smtpUrl = raw.get("smtp_url");
  const mailFrom = raw.get("mail_from");
  if (smtpUrl !== undefined && mailFrom !== undefined) {
    config.mail = { url: smtpUrl, from: mailFrom };
  } else if (smtpUrl !== undefined || mailFrom !== undefined) {
    problems.push("smtp_url and mail_from belong together: give both or neither");
  }
  checkPersonalAccessTokens(config, problems);
  checkMail(config, problems);
  if (config.dataDir === "" && config.databaseUrl === undefined) {
    problems.push(
      `data_dir: this user has no home folder; set ${brand.envPrefix}_DATA_DIR or --data-dir ` +
        `to the folder for the database`,
    );
  }
  if (config.dataDir !== "" && !isAbsolute(config.dataDir)) {
    config.dataDir = join(Deno.cwd(), config.dataDir);
  }
  checkDatabaseUrl(config, problems);
  checkAddresses(config, problems);
  checkManagement(config, file, problems);
  checkSecretKey(config, problems);
  return config;
}

function checkDatabaseUrl({ databaseUrl }: ServerConfig, problems: string[]): void {
  if (databaseUrl === undefined) return;
  try {
    parsePostgresUrl(databaseUrl);
  } catch (error) {
    if (!(error instanceof PostgresUrlError)) throw error;
    problems.push(`database_url: ${error.message}`);
  }
}

/** Tokens and passwords travel over these addresses, so plain http stays on this machine. */
function checkAddresses(config: ServerConfig, problems: string[]): void {
  if (
    !isLoopbackHost(config.listen.hostname) && !config.tls && config.trustedProxies.length === 0
  ) {
    problems.push(
      `listen: ${config.listen.hostname} is reachable from other machines, without https. ` +
        "Give tls_cert and tls_key, or name the https reverse proxy in front with trusted_proxies, " +
        "or listen on 127.0.0.1.",
    );
  }
  if (config.issuer === undefined) {
    if (!isLoopbackHost(config.listen.hostname)) {
      problems.push(
        "issuer: set it to the public address, such as https://auth.example.com, " +
          "when the server listens for other machines",
      );
    }
    return;
  }
  let url: URL;
  try {
    url = new URL(config.issuer);
  } catch {
    problems.push(
      `issuer: "${
        displayUrl(config.issuer)
      }" is no address; write it like https://auth.example.com`,
    );
    return;
  }
  const shown = displayUrl(config.issuer);
  // RFC 8414 section 2: https, no query, no fragment. Loopback alone may do without https.
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(url.hostname))) {
    problems.push(`issuer: ${shown} must be https; only this machine may do without`);
  }
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.pathname !== "/") {
    problems.push(`issuer: ${shown} must be scheme and host alone, without path or query`);
  }
}

/** The management interface shares neither its scopes nor its audience with an API. */
function checkManagement(config: ServerConfig, { scopes }: ConfigFile, problems: string[]): void {
  for (const { name } of scopes) {
    if (!isManagementScope(name)) continue;
    problems.push(`config file: scope "${name}" is reserved; choose a name without "manage:"`);
  }
  const { audience, issuer, listen } = config;
  const own = managementResource(issuer ?? `http://${listen.hostname}:${listen.port}`);
  if (audience === own) {
    problems.push(`audience: ${own} is the management interface; name your API instead`);
  }
}

function checkPersonalAccessTokens(config: ServerConfig, problems: string[]): void {
  const { defaultLifetime, maxLifetime } = config.personalAccessTokens;
  if (defaultLifetime > maxLifetime) {
    problems.push("pat_default_lifetime: is longer than pat_max_lifetime allows");
  }
  const keys = httpUrlProblem(config.secretScanningKeysUrl);
  if (keys !== undefined) problems.push(`secret_scanning_keys_url: ${keys}`);
  if (config.webhook === undefined) return;
  const webhook = httpUrlProblem(config.webhook.url, { secretPath: true });
  if (webhook !== undefined) problems.push(`webhook_url: ${webhook}`);
}

function checkMail({ mail }: ServerConfig, problems: string[]): void {
  if (mail === undefined) return;
  const server = parseSmtpUrl(mail.url);
  if (typeof server === "string") problems.push(`smtp_url: ${server}`);
  if (!/^([^<>@\p{Cc}]+ <[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/u.test(mail.from)) {
    problems.push(
      `mail_from: "${mail.from}" is no address; write it like auth@example.com or Example <auth@example.com>`,
    );
  }
}

function warningsFor({ issuer, tls, trustedProxies }: ServerConfig): string[] {
  if (!issuer?.startsWith("https:") || tls || trustedProxies.length > 0) return [];
  return [
    "trusted_proxies: the issuer is https and the server itself is not, so a reverse proxy must be " +
    "in front; without its address here everybody seems to come from the proxy, and limits on " +
    "guesses count them as one. On this machine: trusted_proxies = 127.0.0.1, ::1",
  ];
}

function checkSecretKey(config: ServerConfig, problems: string[]): void {
  if (config.secretKey !== undefined && config.secretKey.length < 32) {
    problems.push("secret_key: must have 32 characters or more; try: openssl rand -base64 32");
  }
}
