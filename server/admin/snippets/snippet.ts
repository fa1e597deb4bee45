import acmeSh from "./acme.sh" with { type: "text" };
import acmePy from "./acme.py" with { type: "text" };
import acmeMjs from "./acme.mjs" with { type: "text" };
import acmeJava from "./Acme.java" with { type: "text" };
import mainGo from "./main.go" with { type: "text" };
import mainRs from "./main.rs" with { type: "text" };

/** A small command line in each language, by the names that operators type. */
export const SNIPPETS = {
  curl: { title: "Shell, with curl and jq", file: "acme.sh", source: acmeSh },
  go: { title: "Go, with golang.org/x/oauth2", file: "main.go", source: mainGo },
  python: { title: "Python, with Authlib", file: "acme.py", source: acmePy },
  node: { title: "Node.js, with openid-client", file: "acme.mjs", source: acmeMjs },
  rust: { title: "Rust, with oauth2", file: "main.rs", source: mainRs },
  java: { title: "Java, with Nimbus", file: "Acme.java", source: acmeJava },
} as const;

export type SnippetLanguage = keyof typeof SNIPPETS;

export const SNIPPET_LANGUAGES = Object.keys(SNIPPETS) as SnippetLanguage[];

/** What the sources have in place of a server and a client. */
const EXAMPLE = { issuer: "https://auth.example.com", clientId: "acme-cli" };
const SCOPES = ["openid", "offline_access"];

/** A scope that needs no quoting in any of the languages. */
const PLAIN_SCOPE = /^[A-Za-z0-9:._-]+$/;

/** The program in `language` for a client: it logs in, and prints a token that is renewed. */
export function snippet(
  language: SnippetLanguage,
  { issuer, clientId, scopes }: {
    issuer: string;
    clientId: string;
    /** Undefined: only what a login needs. */
    scopes?: readonly string[];
  },
): string {
  const requested = [...new Set([...SCOPES, ...scopes ?? []])]
    .filter((scope) => PLAIN_SCOPE.test(scope));
  const quoted = (scopes: readonly string[]) => scopes.map((scope) => `"${scope}"`).join(", ");
  // openid-client and Authlib send nothing over http without being allowed to.
  const isInsecure = issuer.startsWith("http:");
  return SNIPPETS[language].source
    .replaceAll(EXAMPLE.issuer, issuer)
    .replaceAll(EXAMPLE.clientId, clientId)
    .replaceAll(quoted(SCOPES), quoted(requested))
    .replaceAll(SCOPES.join(" "), requested.join(" "))
    .replaceAll(SCOPES.join("+"), requested.join("+"))
    .replace(
      "undefined, oauth.None());",
      isInsecure
        ? "undefined, oauth.None(), {\n    execute: [oauth.allowInsecureRequests],\n  });"
        : "undefined, oauth.None());",
    )
    .replace(
      /^ISSUER = .*\n/m,
      (line) => isInsecure ? `${line}os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"\n` : line,
    );
}
