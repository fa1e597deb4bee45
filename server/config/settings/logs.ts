import type { SettingGroup } from "../setting.ts";
import { choice } from "../value_type.ts";

export const logs = {
  title: "Logs",
  settings: [
    {
      name: "log_format",
      key: "log.format",
      type: choice<"text" | "json">({ text: "text", json: "json" }),
      default: "text",
      summary: "how events are logged on standard error",
      details: "With `json`, standard error consists of one JSON object per line, and nothing " +
        "else is written. See [operations.md](operations.md#logs).",
    },
    {
      name: "log_level",
      key: "log.level",
      type: choice<"debug" | "info" | "warn" | "error">({
        debug: "debug",
        info: "info",
        warn: "warn",
        error: "error",
      }),
      default: "info",
      summary: "the least severe events that are logged",
    },
  ],
} as const satisfies SettingGroup;
