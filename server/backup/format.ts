/**
 * The file of a backup, before encryption:
 *
 *     NAME backup 1                                        the format
 *     {"version":…,"createdAt":…,"tables":[…],…}           what it contains
 *     {"table":"users","rows":500,"bytes":…,"sha256":"…"}  and so many bytes of gzip, repeated
 *     {"end":true,"sha256":"…"}                            of everything before this line
 *
 * Each piece is compressed on its own and has its own checksum, so that damage is found at the
 * table that has it. The lines within are those of server/store/dump/read_rows.ts.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { Buffer } from "node:buffer";
import { brand } from "../../shared/brand.ts";
import type { Catalog, DumpedTable } from "../store/dump/catalog.ts";
import { LineChecksum, type TableCheck } from "../store/dump/read_rows.ts";
import { BackupError } from "./backup_error.ts";

export type BackedUpTable = DumpedTable & TableCheck;

export interface BackupHeader extends Omit<Catalog, "tables"> {
  /** Of the program that wrote it. */
  version: string;
  /** The state of the database at this time. */
  createdAt: string;
  /** Of what kind the database was. */
  database: string;
  /** The names of those that were applied, in order. */
  migrations: string[];
  tables: BackedUpTable[];
  /** The secrets of the server that are encrypted with `secret_key`. */
  encryptedSecrets: EncryptedSecret[];
}

export interface EncryptedSecret {
  name: string;
  /** Base64. */
  value: string;
}

/** A part of a table. */
export interface Piece {
  table: string;
  lines: string[];
}

const MAGIC = `${brand.binaryName} backup `;
const FORMAT = "1";
/** More than our backups have, so that no other file fills the memory. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024;
const MAX_LINE_BYTES = 4096;
const MAX_PIECE_BYTES = 256 * 1024 * 1024;

/** The bytes of a backup. */
export async function* writeBackup(
  header: BackupHeader,
  pieces: AsyncIterable<Piece>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  const hashed = <Bytes extends Uint8Array>(bytes: Bytes): Bytes => {
    hash.update(bytes);
    return bytes;
  };
  yield hashed(Buffer.from(`${MAGIC}${FORMAT}\n${JSON.stringify(header)}\n`));
  for await (const { table, lines } of pieces) {
    const content = await promisify(gzip)(lines.join("\n"));
    const line = { table, rows: lines.length, bytes: content.length, sha256: sha256(content) };
    yield hashed(Buffer.from(`${JSON.stringify(line)}\n`));
    yield hashed(content);
  }
  yield Buffer.from(`${JSON.stringify({ end: true, sha256: hash.digest("hex") })}\n`);
}

/**
 * Reads a backup and checks it: every piece, the rows and the checksum of each table, and the end
 * of the file. What was read before damage is found has been passed on: it counts only when the
 * reading has finished. Throws BackupError.
 */
export class BackupReader {
  readonly #bytes: ByteReader;
  readonly #hash = createHash("sha256");
  #header?: BackupHeader;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#bytes = new ByteReader(source);
  }

  async header(): Promise<BackupHeader> {
    if (this.#header !== undefined) return this.#header;
    const magic = await this.#bytes.line(MAGIC.length + 8).catch((error) => {
      if (error instanceof EndOfFile) return undefined;
      throw error;
    });
    if (magic === undefined || !magic.startsWith(MAGIC)) {
      throw new BackupError(
        "not_a_backup",
        `This is not a backup that ${brand.binaryName} wrote. Check the name of the file.`,
      );
    }
    if (magic !== `${MAGIC}${FORMAT}`) {
      throw new BackupError(
        "newer",
        "The backup was written by a newer version, in a format that this version does not know. " +
          "Restore it with that version.",
      );
    }
    const text = await this.#line(MAX_HEADER_BYTES, "at its start");
    this.#hash.update(`${magic}\n${text}\n`);
    this.#header = parseHeader(text);
    return this.#header;
  }

  /** The tables one after the other, in the order of the header. */
  async *pieces(): AsyncGenerator<Piece> {
    const { tables } = await this.header();
    for (const table of tables) yield* this.#tablePieces(table);
    const text = await this.#line(MAX_LINE_BYTES, "at its end");
    const end = parseLine(text, "at its end");
    if (end.end !== true || end.sha256 !== this.#hash.digest("hex")) throw damaged("at its start");
    if (!await this.#bytes.isAtEnd()) throw damaged("at its end");
  }

  async *#tablePieces(table: BackedUpTable): AsyncGenerator<Piece> {
    const place = `in the table ${table.name}`;
    const checksum = new LineChecksum();
    while (checksum.get().rows < table.rows) {
      const text = await this.#line(MAX_LINE_BYTES, place);
      const { table: name, rows, bytes, sha256: expected } = parseLine(text, place);
      const isPiece = name === table.name && Number.isSafeInteger(rows) && (rows as number) > 0 &&
        Number.isSafeInteger(bytes) && (bytes as number) >= 0;
      if (!isPiece || (bytes as number) > MAX_PIECE_BYTES) throw damaged(place);
      const content = await this.#read(bytes as number, place);
      if (sha256(content) !== expected) throw damaged(place);
      this.#hash.update(`${text}\n`).update(content);
      const lines = (await unzip(content, place)).split("\n");
      if (lines.length !== rows) throw damaged(place);
      for (const line of lines) checksum.add(line);
      yield { table: table.name, lines };
    }
    const { rows, checksum: sum } = checksum.get();
    if (rows !== table.rows || sum !== table.checksum) throw damaged(place);
  }

  async #line(limit: number, place: string): Promise<string> {
    return await this.#bytes.line(limit).catch((error) => {
      throw error instanceof EndOfFile ? damaged(place, error) : error;
    });
  }

  async #read(length: number, place: string): Promise<Uint8Array> {
    return await this.#bytes.take(length).catch((error) => {
      throw error instanceof EndOfFile ? damaged(place, error) : error;
    });
  }
}

/** The end of the file was reached, or a line is too long to be one. */
class EndOfFile extends Error {}

function damaged(place: string, error?: EndOfFile): BackupError {
  return new BackupError(
    "damaged",
    error === undefined
      ? `The backup is damaged ${place}. Use another copy of it, or an earlier backup.`
      : `The backup is incomplete or damaged ${place}. Use another copy of it, or an earlier backup.`,
  );
}

async function unzip(content: Uint8Array, place: string): Promise<string> {
  try {
    return (await promisify(gunzip)(content, { maxOutputLength: 4 * MAX_PIECE_BYTES }))
      .toString("utf8");
  } catch {
    throw damaged(place);
  }
}

function parseLine(text: string, place: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw damaged(place);
  }
}

function parseHeader(text: string): BackupHeader {
  const header = parseLine(text, "at its start") as unknown as BackupHeader;
  const isArray = (value: unknown) => Array.isArray(value);
  // Messages print the version and the names of tables.
  const isHeader = isTime(header.createdAt) && isName(header.version) &&
    isArray(header.migrations) &&
    isArray(header.tables) && isArray(header.sequences) && isArray(header.partitions) &&
    isArray(header.encryptedSecrets) &&
    header.tables.every(({ name, columns, rows, checksum }) =>
      isName(name) && isArray(columns) && columns.every(isName) && Number.isSafeInteger(rows) &&
      typeof checksum === "string"
    );
  if (!isHeader) throw damaged("at its start");
  return header;
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && /^\d{4}-[\dTZ:.-]{1,30}$/.test(value) &&
    !Number.isNaN(Date.parse(value));
}

/** Of a table, a column or a version. */
function isName(value: unknown): boolean {
  return typeof value === "string" && /^[\w.+-]{1,100}$/.test(value);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Lines and blocks of a stream of bytes. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Without the line feed. */
  async line(limit: number): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(10);
      if (end !== -1 && end <= limit) {
        const line = this.#buffer.subarray(0, end).toString("utf8");
        this.#buffer = this.#buffer.subarray(end + 1);
        return line;
      }
      if (end > limit || this.#buffer.length > limit) throw new EndOfFile();
      if (!await this.#more()) throw new EndOfFile();
    }
  }

  async take(length: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let missing = length; missing > 0;) {
      if (this.#buffer.length === 0 && !await this.#more()) throw new EndOfFile();
      const chunk = this.#buffer.subarray(0, missing);
      this.#buffer = this.#buffer.subarray(chunk.length);
      chunks.push(chunk);
      missing -= chunk.length;
    }
    return Buffer.concat(chunks);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#buffer.length === 0) {
      if (!await this.#more()) return true;
    }
    return false;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#source.next();
    if (done) return false;
    this.#buffer = this.#buffer.length === 0
      ? Buffer.from(value)
      : Buffer.concat([this.#buffer, value]);
    return true;
  }
}
