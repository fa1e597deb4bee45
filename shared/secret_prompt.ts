/** Secrets that a user types at a terminal, which does not show them. */

/** The terminal that is read from. */
export interface SecretTerminal {
  read(buffer: Uint8Array): Promise<number | null>;
  /** In raw mode the terminal shows nothing and passes Ctrl-C on. */
  setRaw(raw: boolean): void;
}

/** Thrown when the user presses Ctrl-C or Ctrl-D, or the terminal is closed. */
export class PromptInterrupted extends Error {
  override readonly name = "PromptInterrupted";
}

/** Asks a question and returns what was typed. */
export type AskSecret = (question: string) => Promise<string>;

const KEY = { ctrlC: 3, ctrlD: 4, backspace: 8, newline: 10, enter: 13, ctrlU: 21, delete: 127 };
const ESCAPE = 27;

/** Runs a dialog in which the terminal shows nothing of what is typed. */
export async function withSecretPrompt<T>(
  terminal: SecretTerminal,
  write: (text: string) => void,
  dialog: (ask: AskSecret) => Promise<T>,
): Promise<T> {
  terminal.setRaw(true);
  const bytes = readBytes(terminal);
  try {
    return await dialog(async (question) => {
      write(question);
      try {
        return await readSecret(bytes);
      } finally {
        write("\n");
      }
    });
  } finally {
    terminal.setRaw(false);
  }
}

async function readSecret(bytes: AsyncIterator<number>): Promise<string> {
  const typed: number[] = [];
  for (;;) {
    const { value: byte, done } = await bytes.next();
    if (done || byte === KEY.ctrlC) throw new PromptInterrupted();
    if (byte === KEY.enter || byte === KEY.newline) {
      return new TextDecoder().decode(Uint8Array.from(typed));
    }
    if (byte === KEY.ctrlD && typed.length === 0) throw new PromptInterrupted();
    if (byte === KEY.backspace || byte === KEY.delete) removeCharacter(typed);
    else if (byte === KEY.ctrlU) typed.length = 0;
    else if (byte === ESCAPE) await skipEscapeSequence(bytes);
    else if (byte >= 32) typed.push(byte);
  }
}

/** A character has one leading byte and up to three of the form 10xxxxxx. */
function removeCharacter(typed: number[]): void {
  let removed = typed.pop();
  while (removed !== undefined && (removed & 0xc0) === 0x80) removed = typed.pop();
}

/** Arrow keys and others send `ESC [` or `ESC O`, parameters, and a final byte from `@` on. */
async function skipEscapeSequence(bytes: AsyncIterator<number>): Promise<void> {
  const { value: kind } = await bytes.next();
  if (kind !== 0x5b && kind !== 0x4f) return;
  for (;;) {
    const { value: byte, done } = await bytes.next();
    if (done || byte >= 0x40) return;
  }
}

async function* readBytes(terminal: SecretTerminal): AsyncGenerator<number, undefined> {
  const buffer = new Uint8Array(1024);
  for (;;) {
    const length = await terminal.read(buffer);
    if (length === null || length === 0) return;
    yield* buffer.slice(0, length);
  }
}
