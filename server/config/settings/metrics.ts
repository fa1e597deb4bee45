import { listenAddress } from "../address_types.ts";
import type { SettingGroup } from "../setting.ts";
import { text } from "../value_type.ts";

export const metrics = {
  title: "Metrics",
  settings: [
    {
      name: "metrics_listen",
      key: "metrics.listen",
      type: listenAddress,
      defaultText: "off",
      summary: "address and port of a listener that has only the metrics",
      details: "For Prometheus, at `/metrics`: see [metrics.md](metrics.md). Plain HTTP, such as " +
        "`127.0.0.1:9464`. With `metrics_token` it asks for that too, and the main listener has " +
        "no metrics then.",
    },
    {
      name: "metrics_token",
      key: "metrics.token",
      type: text({
        placeholder: "token",
        minLength: 32,
        advice: "To generate one, run: openssl rand -base64 32",
      }),
      defaultText: "no token",
      secret: true,
      summary: "bearer token with which metrics are read",
      details: "Without `metrics_listen`, it turns on `/metrics` at the address of the server. " +
        "Generate it with `openssl rand -base64 32`.",
    },
  ],
} as const satisfies SettingGroup;
