import type { ServerIo } from "../io.ts";
import type { ValueType } from "./value_type.ts";

/**
 * One setting of the server: everything that the flags and help of `serve`, `serve --check`, the
 * config file, the environment and docs/configuration.md know about it.
 */
export interface Setting<T = unknown> {
  /**
   * The key in the config file. The flag has dashes (`--database-url`), the environment variable
   * capitals and the prefix of the brand.
   */
  name: string;
  /** Where ServerConfig has the value: `personalAccessTokens.maxLifetime`. Default: the name. */
  key?: string;
  type: ValueType<T>;
  /** The value if none is set, as text. */
  default?: string;
  /** How help and reference describe a default that is not one text. */
  defaultText?: string;
  /** A default that depends on the machine. */
  platformDefault?: (io: Pick<ServerIo, "platform" | "env">) => string | undefined;
  /** A fragment for help, without a full stop. */
  summary: string;
  /** What the reference says beyond the summary: sentences in Markdown. */
  details?: string;
  /** Masked in output, and not accepted as a flag, which other users of the machine could read. */
  secret?: true;
  /** A second environment variable, without our prefix, that counts where ours is not set. */
  environmentAlias?: string;
}

/**
 * Whether a file can have the value: `secret_key_file` in the config file, `--secret-key-file` and
 * the variable with `_FILE`, so that it is in no environment or command line.
 */
export function acceptsFile({ secret, type }: Pick<Setting, "secret" | "type">): boolean {
  return secret === true || type.holdsCredentials === true;
}

/** The name under which a file with the value is set. */
export function fileSettingName({ name }: Pick<Setting, "name">): string {
  return `${name}_file`;
}

/** Settings under one heading of help and reference. */
export interface SettingGroup {
  title: string;
  settings: readonly Setting[];
}
