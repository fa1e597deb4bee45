/** Colors and weights for terminals: https://no-color.org and https://bixense.com/clicolors. */

type Environment = Readonly<Record<string, string | undefined>>;

export interface Style {
  bold(text: string): string;
  faint(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** Whether a stream that is a terminal, or is not, gets styles. */
export function hasStyle(isTerminal: boolean, env: Environment): boolean {
  if (env.NO_COLOR) return false;
  if (env.CLICOLOR_FORCE && env.CLICOLOR_FORCE !== "0") return true;
  return isTerminal && env.TERM !== "dumb";
}

/** `sanitizeStyledOutput` lets exactly these sequences pass. */
export function createStyle(isStyled: boolean): Style {
  const wrap = (open: number, close: number) => (text: string) =>
    isStyled && text !== "" ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    bold: wrap(1, 22),
    faint: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
  };
}

/** Colors the prefixes of errors and warnings, which begin a line. */
export function stylePrefixes(text: string, { red, yellow }: Style): string {
  return text.replace(/^Error:/gm, red).replace(/^Warning:/gm, yellow);
}
