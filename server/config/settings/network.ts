import { file, issuerUrl, listenAddress, networks } from "../address_types.ts";
import type { SettingGroup } from "../setting.ts";
import { duration, workerCount } from "../value_type.ts";

export const network = {
  title: "Network",
  settings: [
    {
      name: "listen",
      type: listenAddress,
      default: "127.0.0.1:8787",
      summary: "address and port to listen on",
      details:
        "Without a host, the server listens on 127.0.0.1. To accept connections from other " +
        "machines, HTTPS is required: set `tls_cert` and `tls_key`, or set `trusted_proxies` to " +
        "the HTTPS reverse proxy in front of the server.",
    },
    {
      name: "issuer",
      type: issuerUrl,
      defaultText: "the address it listens on",
      summary: "public URL of the server",
      details: "The issuer of tokens and the base of every URL in discovery documents, such as " +
        "`https://auth.example.com`: scheme and host only. Required unless `listen` is a loopback " +
        "address. Loopback addresses may use `http`. Changing the issuer invalidates all tokens " +
        "and logins.",
    },
    {
      name: "trusted_proxies",
      type: networks,
      default: "",
      defaultText: "none",
      summary: "reverse proxies whose X-Forwarded-For header is trusted",
      details: "In the file, an array. `X-Forwarded-For` is ignored from any other address. " +
        "Without this setting, all clients behind a proxy share the address of the proxy: rate " +
        "limits count them as one client, and the approval page cannot warn of a login that was " +
        "started from another address.",
    },
    {
      name: "geoip_file",
      type: file,
      defaultText: "no locations",
      summary: "MaxMind database, to show the location of a login on the approval page",
      details: "A `.mmdb` file with cities or countries. If it cannot be read, the server logs a " +
        "warning and starts without it.",
    },
    {
      name: "ca_file",
      type: file,
      defaultText: "none",
      summary: "PEM file of certificate authorities to trust besides the system's",
      details:
        "For connections that the server opens: to PostgreSQL, the mail server, webhooks and " +
        "the issuers of workload identity tokens. `SSL_CERT_FILE` and `SSL_CERT_DIR` have an " +
        "effect as they do for OpenSSL. The server reads them at start only.",
    },
    {
      name: "tls_cert",
      type: file,
      summary: "PEM file with the certificate chain, to serve HTTPS without a proxy",
      details: "The server reads both files again when they change, and on SIGHUP, see " +
        "[operations.md](operations.md#tls).",
    },
    {
      name: "tls_key",
      type: file,
      summary: "PEM file with the private key of the certificate",
    },
    {
      name: "workers",
      type: workerCount,
      default: "1",
      summary: "processes that serve on the same port; auto: one for each core",
      details: "More than one needs Linux and `database_url`; elsewhere `auto` is 1. See " +
        "[operations.md](operations.md#workers).",
    },
    {
      name: "stop_delay",
      type: duration({ min: "0s" }),
      default: "0s",
      summary: "how long a stopping server still accepts requests, while /readyz returns 503",
      details: "Longer than the load balancer takes to notice: 5s for Kubernetes.",
    },
    {
      name: "stop_timeout",
      type: duration({ min: "1s" }),
      default: "10s",
      summary: "how long a stopping server waits for requests in progress",
    },
  ],
} as const satisfies SettingGroup;
