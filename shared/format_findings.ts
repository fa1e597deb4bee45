/** The findings of a `doctor` command as text. */
import type { Area, Finding } from "./finding.ts";
import type { Style } from "./terminal_style.ts";
import { wrapWords } from "./wrap_text.ts";

const WIDTH = "problem".length;

/** `columns` is undefined for a pipe, whose lines are not wrapped. */
interface Output {
  style: Style;
  columns?: number;
}

/** Empty for an area without findings. */
export function formatArea({ title, findings }: Area, output: Output): string {
  return findings.length === 0
    ? ""
    : `${output.style.bold(title)}\n${
      findings.map((finding) => formatFinding(finding, output)).join("")
    }\n`;
}

function formatFinding({ check, status, message, advice }: Finding, output: Output): string {
  const { green, yellow, red } = output.style;
  const style = { ok: green, warning: yellow, problem: red }[status];
  const indent = " ".repeat(2 + WIDTH + 2);
  const columns = output.columns === undefined ? Infinity : output.columns - indent.length;
  const text = `${check.replaceAll("_", " ")}: ${message}`;
  const lines = [
    ...wrapWords(text, columns),
    // An example in several lines keeps them.
    ...(advice ?? "").split("\n").filter((line) => line !== "")
      .flatMap((line) => line.startsWith(" ") ? [line] : wrapWords(line, columns)),
  ];
  return lines.map((line, index) =>
    index === 0
      ? `  ${style(status)}${" ".repeat(WIDTH - status.length + 2)}${line}\n`
      : `${indent}${line}\n`
  ).join("");
}

/** Like "1 problem, 2 warnings." */
export function summarizeFindings(findings: readonly Finding[]): string {
  const [problems, warnings] = (["problem", "warning"] as const).map((status) =>
    findings.filter((finding) => finding.status === status).length
  );
  const counted = (value: number, noun: string) => `${value} ${noun}${value === 1 ? "" : "s"}`;
  if (problems === 0 && warnings === 0) return "No problems found.";
  return `${counted(problems, "problem")}, ${counted(warnings, "warning")}.`;
}
