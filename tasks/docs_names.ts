/** The pages of docs/ under the names of another brand, for the program that embeds them. */
import { formatToken, parseToken } from "../shared/tokens/format.ts";
import type { brand as ownBrand } from "../shared/brand.ts";

type Widened<Value> = Value extends string ? string : { [Key in keyof Value]: Widened<Value[Key]> };

/** What of a brand is in the pages. */
export type DocumentedBrand = Widened<
  Pick<
    typeof ownBrand,
    | "productName"
    | "binaryName"
    | "envPrefix"
    | "folderName"
    | "cliClientId"
    | "keychainService"
    | "tokenPrefixes"
    | "release"
  >
>;

/** The names that the pages have in the repository, whatever shared/brand.ts says. */
const TOKEN_PREFIXES: readonly (readonly [string, keyof DocumentedBrand["tokenPrefixes"]])[] = [
  ["bst_", "personalAccessToken"],
  ["bstr_", "refreshToken"],
  ["bstd_", "deviceCode"],
  ["bstc_", "clientSecret"],
  ["bsts_", "directoryToken"],
];

/** Bytes of the tokens in the pages. */
const PAYLOAD_BYTES = 32;

/** A page, as Markdown, with the names of a brand. */
export function renamePage(markdown: string, brand: DocumentedBrand): string {
  let text = markdown;
  for (const [prefix, kind] of TOKEN_PREFIXES) {
    const renamed = brand.tokenPrefixes[kind];
    text = text
      // The checksum of a token covers its prefix.
      .replaceAll(new RegExp(`\\b${prefix}[0-9A-Za-z]+\\b`, "g"), (token) => {
        const payload = parseToken(prefix, token, PAYLOAD_BYTES);
        return payload === undefined ? token : formatToken(renamed, payload);
      })
      .replaceAll(new RegExp(`\\b${prefix}`, "g"), renamed);
  }
  const { repository, url, signerWorkflow, npmScope } = brand.release;
  const workflows = signerWorkflow.slice(0, signerWorkflow.lastIndexOf("/") + 1);
  return text
    .replaceAll("https://github.com/OWNER/yourapp/releases", url)
    .replaceAll(/OWNER\/yourapp\/\.github\/workflows\/release(?:-brand)?\.yml/g, signerWorkflow)
    .replaceAll("OWNER/yourapp/.github/workflows/", workflows)
    .replaceAll("OWNER/yourapp", repository)
    .replaceAll("@yourapp/", `@${npmScope}/`)
    .replaceAll("YOURAPP", brand.envPrefix)
    .replaceAll("service `yourapp-cli`", `service \`${brand.keychainService}\``)
    .replaceAll("yourapp-cli", brand.cliClientId)
    .replaceAll(
      /(?<=(?:\/etc|\/var\/lib|\/var\/log|\.config|\.local\/share|Application Support|%[A-Z]+%)[/\\])yourapp(?![\w-])/g,
      brand.folderName,
    )
    // Names of metrics.
    .replaceAll(/\byourapp_(?=[a-z])/g, `${brand.binaryName.replaceAll("-", "_")}_`)
    // In the head of a table, and in the title of the index.
    .replaceAll(/^(# |\|[ |]+)yourapp(?= (?:documentation$| *\|))/gm, `$1${brand.productName}`)
    .replaceAll("yourapp", brand.binaryName);
}
