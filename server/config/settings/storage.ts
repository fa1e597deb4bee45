import { brand } from "../../../shared/brand.ts";
import { file, folder, postgresUrl } from "../address_types.ts";
import { dataFolder } from "../data_dir.ts";
import type { SettingGroup } from "../setting.ts";
import { duration, InvalidValue, text, type ValueType } from "../value_type.ts";

const { folderName } = brand;

const MIN_KEY_LENGTH = 32;
const KEY_ADVICE = `To generate one, run: ${brand.binaryName} admin secret-key generate`;

/** Keys of `secret_key`, separated by commas or line breaks. */
const secretKeys: ValueType<string[]> = {
  placeholder: "keys",
  accepts: "keys, separated by commas or line breaks",
  parse(text) {
    const keys = text.split(/, ?|[\r\n]/).filter((key) => key.trim() !== "");
    return keys.every((key) => key.length >= MIN_KEY_LENGTH) ? keys : new InvalidValue(
      `each key must have at least ${MIN_KEY_LENGTH} characters, as secret_key does.`,
      "out_of_range",
    );
  },
};

export const storage = {
  title: "Storage",
  settings: [
    {
      name: "data_dir",
      type: folder,
      platformDefault: dataFolder,
      defaultText: "depends on the platform",
      summary: "folder of the embedded database",
      details: "Created with mode 0700. The default is " +
        `\`$XDG_DATA_HOME/${folderName}/server\` or \`~/.local/share/${folderName}/server\` on ` +
        `Linux, \`~/Library/Application Support/${folderName}/server\` on macOS, and ` +
        `\`%LOCALAPPDATA%\\${folderName}\\server\` on Windows.`,
    },
    {
      name: "database_url",
      type: postgresUrl,
      defaultText: "the embedded database",
      environmentAlias: "DATABASE_URL",
      summary: "use a PostgreSQL database, version 14 to 18",
      details: "`postgres://user:password@host/name`, with the hosts and parameters that libpq " +
        "accepts, see [operations.md](operations.md#postgresql). The environment variable " +
        "`DATABASE_URL` is read too. As a flag, the password is visible to other users of the " +
        "machine.",
    },
    {
      name: "database_listen_url",
      type: postgresUrl,
      defaultText: "database_url",
      summary: "the same database without a connection pooler, if database_url has one",
      details: "Notifications of changes (`LISTEN`) and migrations use it. Required if " +
        "`database_url` leads through PgBouncer or another pooler, see " +
        "[operations.md](operations.md#connection-poolers). With the flag `--database-url`, only " +
        "the flag `--database-listen-url` counts.",
    },
    {
      name: "database_outage_grace",
      type: duration({ min: "0s", max: "15m" }),
      default: "0s",
      summary: "how long remembered token checks count while PostgreSQL is unreachable",
      details: "For `/auth/verify` and introspection only, for tokens that this process has " +
        "checked before, until they expire. With `0s`, both answer 503 then. A revocation that " +
        "another process makes meanwhile is not seen, see " +
        "[security.md](security.md#outages-of-the-database).",
    },
    {
      name: "secret_key",
      type: text({
        placeholder: "key",
        minLength: MIN_KEY_LENGTH,
        advice: KEY_ADVICE,
      }),
      defaultText: "no encryption",
      secret: true,
      summary: "encrypts signing keys and server secrets in the database",
      details: `Generate it with \`${brand.binaryName} admin secret-key generate\`. See ` +
        "[keys.md](keys.md#secret_key).",
    },
    {
      name: "previous_secret_keys",
      type: secretKeys,
      defaultText: "none",
      secret: true,
      summary: "other keys that decrypt, while secret_key is replaced",
      details: "The keys before, and the next one before it becomes `secret_key`: " +
        "[keys.md](keys.md#replace-secret_key).",
    },
    {
      name: "apply_file",
      type: file,
      defaultText: "none",
      summary: "file, or folder of files, that is applied at each start",
      details: "As `admin apply` does it, without dangerous changes: [apply.md](apply.md). If it " +
        "cannot be applied, the server logs an error and starts with what it has.",
    },
    {
      name: "audit_retention",
      type: duration({ min: "1d" }),
      default: "400d",
      summary: "audit events are deleted after this time",
      details: "So are personal access tokens, this long after they expired or were revoked.",
    },
  ],
} as const satisfies SettingGroup;
