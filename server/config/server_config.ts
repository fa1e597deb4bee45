/** The type of the server's configuration, derived from the declarations of its settings. */
import type { RegisteredResource } from "../resources/resource.ts";
import type { ScopeDescription } from "../scopes.ts";
import type { DeclaredGroup } from "./config_file_groups.ts";
import type { DeclaredSetting } from "./schema.ts";
import type { ValueType } from "./value_type.ts";

export type { SigningAlgorithm } from "./settings/tokens.ts";

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;
type KeyOf<S extends DeclaredSetting> = S extends { key: infer Key extends string } ? Key
  : CamelCase<S["name"]>;
type ValueOf<S extends DeclaredSetting> = S["type"] extends ValueType<infer T> ? T : never;

/** Settings that have a value in any case, and the others. */
type WithDefault = Extract<DeclaredSetting, { default: string }>;
type WithoutDefault = Exclude<DeclaredSetting, { default: string }>;
type Flat =
  & { [S in WithDefault as KeyOf<S>]: ValueOf<S> }
  & { [S in WithoutDefault as KeyOf<S>]?: ValueOf<S> };

type Section<Key> = Key extends `${infer Head}.${string}` ? Head : never;
/** `{ "a.b": T }` as `{ a: { b: T } }`. */
type Nested<F> =
  & { [Key in keyof F as Key extends `${string}.${string}` ? never : Key]: F[Key] }
  & {
    [Head in Section<keyof F>]: {
      [Key in keyof F as Key extends `${Head}.${infer Tail}` ? Tail : never]: F[Key];
    };
  };

/** The value of each setting. Durations are in seconds. */
export type SettingValues = Nested<Flat>;

/** Settings that the server uses in pairs only. */
type Paired =
  | ("tlsCert" | "tlsKey")
  | ("webhookUrl" | "webhookSecret")
  | ("smtpUrl" | "mailFrom");

/** The server's configuration, checked. Durations are in seconds. */
export type ServerConfig = Omit<SettingValues, Paired | "dataDir"> & {
  dataDir: string;
  tls?: { certFile: string; keyFile: string };
  webhook?: { url: string; secret?: string };
  /** Mail server, with user and password, and sender. */
  mail?: { url: string; from: string };
  /** Those of the default resource. */
  scopes: ScopeDescription[];
  resources: RegisteredResource[];
  /** Those that the config file declares. */
  groups: DeclaredGroup[];
};

/** What a personal access token may be like. */
export type TokenPolicy = ServerConfig["personalAccessTokens"];
