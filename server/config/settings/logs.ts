import type { SettingGroup } from "../setting.ts";
import { choice, onOff } from "../value_type.ts";

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
    {
      name: "access_log",
      key: "log.access",
      type: onOff,
      default: "off",
      summary: "log every request",
      details: "With method, path, status, duration, client address and request id. Queries and " +
        "bodies, which can contain secrets, are never logged.",
    },
  ],
} as const satisfies SettingGroup;
