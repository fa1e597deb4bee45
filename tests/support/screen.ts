/**
 * What a terminal of a given width shows, as text: styles as `‹red›Error:‹/›`, and `⏎` at the end
 * of a line that did not fit and continues in the next row. Throws Error for a control sequence
 * that the program should not use.
 */

interface Cell {
  character: string;
  style: string;
}

/** SGR parameters (ECMA-48 section 8.3.117) that set a style, and those that reset it. */
const STYLES: Readonly<Record<string, string>> = {
  1: "bold",
  2: "faint",
  7: "inverse",
  31: "red",
  32: "green",
  33: "yellow",
};
const RESETS: Readonly<Record<string, readonly string[]>> = {
  0: Object.values(STYLES),
  22: ["bold", "faint"],
  27: ["inverse"],
  39: ["red", "green", "yellow"],
};

// deno-lint-ignore no-control-regex -- it reads control sequences
const TOKEN = /\x1b\[([\d;?]*)([A-Za-z])|[^]/gu;

export function renderScreen(output: string, columns: number): string {
  const rows: Cell[][] = [[]];
  const continued = new Set<number>();
  const styles = new Set<string>();
  let row = 0;
  let column = 0;
  const lineFeed = () => {
    row++;
    rows[row] ??= [];
  };
  for (const [token, parameters, command] of output.matchAll(TOKEN)) {
    if (command === "m") {
      for (const parameter of (parameters || "0").split(";")) {
        const style = STYLES[parameter];
        const reset = RESETS[parameter];
        if (style === undefined && reset === undefined) throw unknown(token);
        if (style !== undefined) styles.add(style);
        for (const name of reset ?? []) styles.delete(name);
      }
    } else if (command === "K" && (parameters === "" || parameters === "0")) {
      rows[row].length = Math.min(rows[row].length, column);
    } else if (command === "A") {
      row = Math.max(0, row - Number(parameters || 1));
    } else if (token === "\r") {
      column = 0;
    } else if (token === "\n") {
      lineFeed();
    } else if (command !== undefined || /\p{Cc}/u.test(token)) {
      throw unknown(token);
    } else {
      if (column === columns) {
        continued.add(row);
        lineFeed();
        column = 0;
      }
      const line = rows[row];
      while (line.length < column) line.push({ character: " ", style: "" });
      line[column] = { character: token, style: [...styles].sort().join(" ") };
      column++;
    }
  }
  const lines = rows.map((cells, index) => `${asText(cells)}${continued.has(index) ? "⏎" : ""}`);
  return lines.join("\n").trimEnd();
}

function unknown(token: string): Error {
  return new Error(`a terminal may not know ${JSON.stringify(token)}`);
}

/** Cells of a row, with a mark where the style changes. */
function asText(cells: readonly Cell[]): string {
  let text = "";
  let current = "";
  for (const { character, style } of [...cells, { character: "", style: "" }]) {
    if (style !== current && current !== "") text += "‹/›";
    if (style !== current && style !== "") text += `‹${style}›`;
    text += character;
    current = style;
  }
  return text.trimEnd();
}
