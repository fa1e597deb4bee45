/** What can be wrong with the configuration; tests and scripts compare these, not the messages. */
export type ConfigProblemCode =
  | "invalid_value" // cannot be parsed
  | "out_of_range" // below the minimum, or above what another setting allows
  | "insecure_url" // http, where credentials would cross a network
  | "exposed_without_https" // listens for other machines, and no HTTPS is declared
  | "missing" // required with the other settings
  | "set_twice" // a value and a file with the value, in the same place
  | "incomplete_pair" // set without the setting that it belongs to
  | "reserved" // a name or URL of the server itself
  | "unreadable_file" // a file that does not exist, cannot be opened or is empty
  | "malformed_file" // a config file that is not valid TOML
  | "not_a_folder" // a file where a folder is required
  | "insecure_permissions" // other users of the machine can read or replace it
  | "unused_setting" // another one takes its place
  | "unknown_setting" // a key of the config file
  | "unknown_group" // a scope names a group that the config file does not declare
  | "unknown_variable"; // an environment variable with our prefix

/** One thing that is wrong with the configuration, or a warning about it. */
export interface ConfigProblem {
  code: ConfigProblemCode;
  /** The setting, environment variable or file that the message is about. */
  subject: string;
  /** The flag, the variable, or the file and line, where the setting was set. */
  source?: string;
  /** What is wrong and what to do about it. It holds no secret. */
  message: string;
}
