/** A parsed filter (RFC 7644 section 3.4.2.2). Attributes are still names. */
export type Filter =
  | { kind: "and" | "or"; filters: readonly Filter[] }
  | { kind: "not"; filter: Filter }
  | { kind: "present"; attribute: string }
  | {
    kind: "compare";
    attribute: string;
    operator: Operator;
    value: string | number | boolean | null;
  }
  /** `emails[type eq "work"]`: a value of the attribute that matches all of the filter. */
  | { kind: "any"; attribute: string; filter: Filter };

export const OPERATORS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"] as const;
export type Operator = (typeof OPERATORS)[number];
