/** What is wrong with a command. */
export type FindingCode =
  | "logged_out"
  | "hung"
  | "failed"
  | "invalid_token"
  | "secret_in_output"
  | "secret_in_arguments"
  | "secret_in_environment"
  | "readable_file";

export interface Finding {
  code: FindingCode;
  /** What happened the first time. */
  message: string;
  /** The run in which it happened first, counted from 1. */
  run: number;
  /** How often it happened. */
  count: number;
}

/** Keeps the first example of each kind. */
export class Findings {
  #findings = new Map<FindingCode, Finding>();

  add(code: FindingCode, run: number, message: string): void {
    const finding = this.#findings.get(code);
    if (finding !== undefined) finding.count++;
    else this.#findings.set(code, { code, message, run, count: 1 });
  }

  count(code: FindingCode): number {
    return this.#findings.get(code)?.count ?? 0;
  }

  list(): Finding[] {
    return [...this.#findings.values()];
  }
}
