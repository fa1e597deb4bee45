import { httpUrl, mailAddress, smtpUrl } from "../address_types.ts";
import type { SettingGroup } from "../setting.ts";
import { InvalidValue, onOff, type ValueType } from "../value_type.ts";
import { webhookKey } from "../webhook_key.ts";

const webhookSecret: ValueType<string> = {
  placeholder: "key",
  accepts: "text, or `whsec_` and base64",
  parse: (text) =>
    webhookKey(text) !== undefined ? text : new InvalidValue(
      "must be base64 of 24 to 64 bytes after whsec_. " +
        'To generate one, run: echo "whsec_$(openssl rand -base64 32)"',
    ),
};

export const notifications = {
  title: "Notifications",
  settings: [
    {
      name: "webhook_url",
      type: httpUrl({ secretPath: true }),
      defaultText: "no webhook",
      summary: "receives events about leaked and expiring personal access tokens",
      details: "JSON by POST: `token.leaked`, with where the token was found, and " +
        "`token.expiring`, 7 days and 1 day before a token expires (later if its lifetime is " +
        "short). See " +
        "[operations.md](operations.md#notifying-owners-of-tokens).",
    },
    {
      name: "webhook_secret",
      type: webhookSecret,
      defaultText: "not signed",
      secret: true,
      summary: "signs the requests to the webhook",
      details: "As [Standard Webhooks](https://www.standardwebhooks.com) specifies. After " +
        "`whsec_`, the key is base64 of 24 to 64 bytes " +
        '(`echo "whsec_$(openssl rand -base64 32)"`); any other secret is the key itself (the ' +
        "`raw` format of the libraries).",
    },
    {
      name: "outbound_private_addresses",
      type: onOff,
      default: "off",
      summary: "allow private addresses in webhook_url, audit_stream and secret_scanning_keys_url",
      details: "Loopback addresses, as in `http://127.0.0.1:9000`, are always allowed.",
    },
    {
      name: "smtp_url",
      type: smtpUrl,
      defaultText: "no e-mail",
      secret: true,
      summary: "mail server for notifications to users",
      details:
        "`smtp://user:password@mail.example.com:587` (STARTTLS) or `smtps://…` (port 465), " +
        "with special characters of the password percent-encoded. The connection must be " +
        "encrypted unless the host is a loopback address. Requires `mail_from`.",
    },
    {
      name: "mail_from",
      type: mailAddress,
      summary: "sender of notifications by e-mail",
      details: "For example `Example <auth@example.com>`.",
    },
  ],
} as const satisfies SettingGroup;
