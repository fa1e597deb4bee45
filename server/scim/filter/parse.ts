import { badRequest } from "../error.ts";
import { type Filter, type Operator, OPERATORS } from "./filter.ts";
import { type Token, tokenize } from "./tokens.ts";

const MAX_DEPTH = 20;

/** `attribute[filter].sub`, the target of a change (RFC 7644 figure 7). */
export interface PatchPath {
  attribute: string;
  filter?: Filter;
  /** After a filter. Without one it is a part of `attribute`. */
  sub?: string;
}

/** Parses a filter by recursive descent; `or` binds weakest, then `and`, then `not`. */
export function parseFilter(text: string): Filter {
  const parser = new Parser(tokenize(text, "invalidFilter"), "invalidFilter");
  const filter = parser.or(0, false);
  parser.expectEnd();
  return filter;
}

export function parsePath(text: string): PatchPath {
  const parser = new Parser(tokenize(text, "invalidPath"), "invalidPath");
  const path = parser.path();
  parser.expectEnd();
  return path;
}

class Parser {
  #at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly scimType: "invalidFilter" | "invalidPath",
  ) {}

  /** `nested` within brackets, where there are no further brackets. */
  or(depth: number, nested: boolean): Filter {
    if (depth > MAX_DEPTH) throw this.#error("It has too many parentheses.");
    return this.#list("or", () => this.#list("and", () => this.#factor(depth, nested)));
  }

  path(): PatchPath {
    const attribute = this.#name();
    if (!this.#take("[")) return { attribute };
    const filter = this.or(0, true);
    if (!this.#take("]")) throw this.#error("The closing ] is missing.");
    return { attribute, filter, sub: this.#sub() };
  }

  /** `.value` after a bracket. */
  #sub(): string | undefined {
    const next = this.tokens[this.#at];
    if (next?.kind !== "word" || !/^\.[$\w-]+$/.test(next.text)) return undefined;
    this.#at++;
    return next.text.slice(1);
  }

  expectEnd(): void {
    if (this.#at < this.tokens.length) throw this.#error("There is something after its end.");
  }

  #list(kind: "and" | "or", item: () => Filter): Filter {
    const filters = [item()];
    while (this.#takeWord(kind)) filters.push(item());
    return filters.length === 1 ? filters[0] : { kind, filters };
  }

  #factor(depth: number, nested: boolean): Filter {
    if (this.#isNot()) {
      this.#at++;
      return { kind: "not", filter: this.#group(depth, nested) };
    }
    if (this.tokens[this.#at]?.kind === "(") return this.#group(depth, nested);
    const attribute = this.#name();
    if (!nested && this.#take("[")) {
      const filter = this.or(depth + 1, true);
      if (!this.#take("]")) throw this.#error("The closing ] is missing.");
      const sub = this.#sub();
      if (sub === undefined) return { kind: "any", attribute, filter };
      // Entra ID writes `emails[type eq "work"].value eq "…"`: it is about the same value.
      return {
        kind: "any",
        attribute,
        filter: { kind: "and", filters: [filter, this.#comparison(sub)] },
      };
    }
    return this.#comparison(attribute);
  }

  #comparison(attribute: string): Filter {
    if (this.#takeWord("pr")) return { kind: "present", attribute };
    const operator = this.#operator();
    return { kind: "compare", attribute, operator, value: this.#value() };
  }

  #group(depth: number, nested: boolean): Filter {
    if (!this.#take("(")) throw this.#error("After not comes a condition in parentheses.");
    const filter = this.or(depth + 1, nested);
    if (!this.#take(")")) throw this.#error("The closing ) is missing.");
    return filter;
  }

  /** An attribute may be called `not` too; its operator comes next. */
  #isNot(): boolean {
    const next = this.tokens[this.#at];
    return next?.kind === "word" && next.text.toLowerCase() === "not" &&
      this.tokens[this.#at + 1]?.kind === "(";
  }

  #name(): string {
    const token = this.tokens[this.#at];
    if (token?.kind !== "word" || !/^[a-z$][\w$.:-]*$/i.test(token.text)) {
      throw this.#error("The name of an attribute is missing.");
    }
    this.#at++;
    return token.text;
  }

  #operator(): Operator {
    const token = this.tokens[this.#at];
    const operator = token?.kind === "word"
      ? OPERATORS.find((operator) => operator === token.text.toLowerCase())
      : undefined;
    if (operator === undefined) {
      throw this.#error(`After an attribute comes one of ${OPERATORS.join(", ")}, pr.`);
    }
    this.#at++;
    return operator;
  }

  #value(): string | number | boolean | null {
    const token = this.tokens[this.#at++];
    if (token?.kind === "value") return token.value;
    // Some clients capitalize them.
    const word = token?.kind === "word" ? token.text.toLowerCase() : "";
    if (word === "true" || word === "false") return word === "true";
    if (word === "null") return null;
    throw this.#error('After an operator comes a value such as "alice", true or null.');
  }

  #take(kind: "(" | ")" | "[" | "]"): boolean {
    if (this.tokens[this.#at]?.kind !== kind) return false;
    this.#at++;
    return true;
  }

  #takeWord(word: string): boolean {
    const next = this.tokens[this.#at];
    if (next?.kind !== "word" || next.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #error(problem: string): Error {
    const what = this.scimType === "invalidFilter" ? "filter" : "path";
    return badRequest(this.scimType, `The ${what} is not valid. ${problem}`);
  }
}
