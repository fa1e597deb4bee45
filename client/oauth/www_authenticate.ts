/**
 * The challenges of a WWW-Authenticate field (RFC 9110 section 11.6.1). Several may share one
 * value, and a comma separates both challenges and parameters. The value comes from an API, which
 * need not be trustworthy: it is read once from left to right, in linear time.
 */

export interface Challenge {
  /** In lower case. */
  scheme: string;
  /** By name in lower case. */
  parameters: ReadonlyMap<string, string>;
  /** Credentials in place of parameters, as Negotiate has them. */
  token68?: string;
}

/** Servers limit a whole response head to about as much. */
export const MAX_CHALLENGE_LENGTH = 8192;

/** The challenges in `value`; undefined if it is malformed or too long. */
export function parseChallenges(value: string): Challenge[] | undefined {
  if (value.length > MAX_CHALLENGE_LENGTH) return undefined;
  const scanner = new Scanner(value);
  const challenges: Challenge[] = [];
  let current: { scheme: string; parameters: Map<string, string>; token68?: string } | undefined;
  scanner.skipListSeparators();
  while (!scanner.atEnd) {
    const name = scanner.token()?.toLowerCase();
    if (name === undefined) return undefined;
    const afterName = scanner.position;
    scanner.skipSpaces();
    if (current !== undefined && scanner.take("=")) {
      scanner.skipSpaces();
      const text = scanner.quotedString() ?? scanner.token();
      const { parameters }: { parameters: Map<string, string> } = current;
      // RFC 9110 section 11.2: each name occurs only once. token68 and parameters exclude each other.
      if (text === undefined || parameters.has(name) || current.token68 !== undefined) {
        return undefined;
      }
      parameters.set(name, text);
      if (!scanner.skipListSeparators()) return undefined;
      continue;
    }
    current = { scheme: name, parameters: new Map() };
    challenges.push(current);
    if (scanner.atEnd || scanner.skipListSeparators()) continue;
    // A space separates the scheme from what follows.
    if (scanner.position === afterName) return undefined;
    current.token68 = scanner.token68();
    if (current.token68 !== undefined && !scanner.skipListSeparators()) return undefined;
  }
  return challenges;
}

/** `tchar` of RFC 9110 section 5.6.2. */
const TOKEN_CHARACTERS = charactersOf("!#$%&'*+-.^_`|~");
const TOKEN68_CHARACTERS = charactersOf("-._~+/");

function charactersOf(others: string): ReadonlySet<string> {
  const digits = "0123456789";
  const letters = "abcdefghijklmnopqrstuvwxyz";
  return new Set(digits + letters + letters.toUpperCase() + others);
}

class Scanner {
  position = 0;

  constructor(private readonly text: string) {}

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  take(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  skipSpaces(): void {
    while (this.take(" ") || this.take("\t"));
  }

  /** Commas with spaces around them (RFC 9110 section 5.6.1.2). False if something else follows. */
  skipListSeparators(): boolean {
    const start = this.position;
    let commas = 0;
    this.skipSpaces();
    for (; this.take(","); this.skipSpaces()) commas++;
    if (commas > 0 || this.atEnd) return true;
    this.position = start;
    return false;
  }

  token(): string | undefined {
    return this.#run(TOKEN_CHARACTERS);
  }

  quotedString(): string | undefined {
    const start = this.position;
    if (!this.take('"')) return undefined;
    let value = "";
    while (!this.atEnd) {
      let character = this.text[this.position++];
      if (character === '"') return value;
      if (character === "\\") character = this.text[this.position++] ?? "";
      // RFC 9110 section 5.6.4: no control characters but a tab.
      if (!/^[\t\x20-\x7e\x80-\uffff]$/.test(character)) break;
      value += character;
    }
    this.position = start;
    return undefined;
  }

  /** RFC 9110 section 11.2; only if it ends the challenge, since a parameter starts like it. */
  token68(): string | undefined {
    const start = this.position;
    const text = this.#run(TOKEN68_CHARACTERS);
    if (text === undefined) return undefined;
    while (this.take("="));
    const end = this.position;
    const endsChallenge = this.skipListSeparators();
    this.position = endsChallenge ? end : start;
    return endsChallenge ? this.text.slice(start, end) : undefined;
  }

  #run(characters: ReadonlySet<string>): string | undefined {
    const start = this.position;
    while (!this.atEnd && characters.has(this.text[this.position])) this.position++;
    return this.position === start ? undefined : this.text.slice(start, this.position);
  }
}
