/**
 * A small GeoIP file in the MaxMind DB format 2.0
 * (https://maxmind.github.io/MaxMind-DB/): IPv4, one record for each /8.
 */
import { Buffer } from "node:buffer";

type Value = string | number | Value[] | { [key: string]: Value };

/** Writes a file that knows the networks `<first byte>.0.0.0/8`. */
export async function writeGeoipFile(
  path: string,
  networks: Record<number, Value>,
): Promise<void> {
  const data: Uint8Array[] = [];
  const offsets = new Map<number, number>();
  for (const [firstByte, record] of Object.entries(networks)) {
    offsets.set(Number(firstByte), Buffer.concat(data).length);
    data.push(encode(record));
  }
  // A full tree of eight levels: node n has the children 2n + 1 and 2n + 2.
  const nodes = 255;
  const tree = Buffer.alloc(nodes * 6);
  for (let child = 1; child <= 2 * nodes; child++) {
    const offset = offsets.get(child - nodes);
    const record = child < nodes ? child : offset === undefined ? nodes : nodes + 16 + offset;
    const parent = Math.floor((child - 1) / 2);
    tree.writeUIntBE(record, parent * 6 + (child % 2 === 1 ? 0 : 3), 3);
  }
  const metadata = encode({
    node_count: nodes,
    record_size: 24,
    ip_version: 4,
    database_type: "Test-City",
    languages: ["en"],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    description: { en: "for tests" },
  });
  const marker = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
  const separator = Buffer.alloc(16);
  await Deno.writeFile(path, Buffer.concat([tree, separator, ...data, marker, metadata]));
}

const [STRING, UINT32, MAP, ARRAY] = [2, 6, 7, 11];

function encode(value: Value): Uint8Array {
  if (typeof value === "string") {
    const bytes = Buffer.from(value);
    return Buffer.concat([control(STRING, bytes.length), bytes]);
  }
  if (typeof value === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(UINT32, 4), bytes]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([control(ARRAY, value.length), ...value.map(encode)]);
  }
  const entries = Object.entries(value).flatMap(([key, item]) => [encode(key), encode(item)]);
  return Buffer.concat([control(MAP, entries.length / 2), ...entries]);
}

function control(type: number, size: number): Uint8Array {
  if (size >= 29) throw new Error("larger than tests need");
  return Buffer.from(type <= 7 ? [type << 5 | size] : [size, type - 7]);
}
