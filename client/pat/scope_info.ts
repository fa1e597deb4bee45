/** A scope as the REST interface lists it, and `scopes --json` prints it. */

/** What is not known is null. Every text is as the server sent it: sanitize what is printed. */
export interface ScopeInfo {
  name: string;
  /** What it permits. */
  description: string | null;
  /** Whether the login has it. */
  granted: boolean | null;
  /** Whether personal access tokens can have it. */
  forTokens: boolean | null;
  /** What a login by device code needs to get it; empty: only an approval. */
  deviceFlow: string[] | null;
}

/** The scopes of a response of the REST interface; undefined if the response is not valid. */
export function parseScopes(body: Record<string, unknown>): ScopeInfo[] | undefined {
  if (!Array.isArray(body.scopes)) return undefined;
  const scopes = body.scopes.map((row): ScopeInfo | undefined => {
    const { name, description, granted, for_tokens: forTokens, device_flow: rules } = Object(row);
    if (typeof name !== "string") return undefined;
    return {
      name,
      description: typeof description === "string" ? description : null,
      granted: typeof granted === "boolean" ? granted : null,
      forTokens: typeof forTokens === "boolean" ? forTokens : null,
      deviceFlow: isTexts(rules) ? rules : null,
    };
  });
  return scopes.every((scope) => scope !== undefined) ? scopes : undefined;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
