/** Options of `admin group add` and `update`. */
export interface SettingOptions {
  description?: string;
  from?: string[];
}

/** The option for each field that a DomainError can name. */
export const SETTING_OPTIONS: Readonly<Record<string, string>> = {
  description: "--description",
  from: "--from",
};

/** The text `none` stands for an empty list. */
export function parseFrom(from: string[] | undefined): string[] | undefined {
  return from?.length === 1 && from[0] === "none" ? [] : from;
}
