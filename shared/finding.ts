/** What a check of a `doctor` command finds. */
export interface Finding {
  /** Stable, for scripts. */
  check: string;
  status: "ok" | "warning" | "problem";
  /** One sentence or fragment, without a full stop. */
  message: string;
  /** What to do, as a sentence or lines; undefined if there is nothing to do. */
  advice?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message };
}

export function warning(check: string, message: string, advice: string): Finding {
  return { check, status: "warning", message, advice };
}

export function problem(check: string, message: string, advice: string): Finding {
  return { check, status: "problem", message, advice };
}

/** A problem from one of our errors, whose message is a reason followed by what to do. */
export function failed(check: string, text: string): Finding {
  const [, message, advice] = /^(.+?[^.])\.\s+([A-Z][^]*)$/s.exec(text.trim()) ?? [];
  return message === undefined
    ? { check, status: "problem", message: text.trim().replace(/\.$/, "") }
    : problem(check, message, advice);
}

/** Findings under one heading. */
export interface Area {
  title: string;
  findings: Finding[];
}
