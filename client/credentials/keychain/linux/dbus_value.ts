/** Arguments of D-Bus messages by their signature (D-Bus Specification, "Marshaling"). */

/** As far as the Secret Service needs them: numbers, texts, bytes, and lists and maps of these. */
export type DbusValue =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | Variant
  | readonly DbusValue[]
  | ReadonlyMap<string, DbusValue>;

/** A value with its type, to be encoded; decoding returns the value only. */
export interface Variant {
  type: string;
  value: DbusValue;
}

/** Little endian. Types: `s`, `o`, `b`, `v`, and structures, lists, maps and bytes of these. */
export function encodeValues(signature: string, values: readonly DbusValue[]): Uint8Array {
  const bytes: number[] = [];
  const align = (size: number) => {
    while (bytes.length % size !== 0) bytes.push(0);
  };
  const uint32 = (value: number) => {
    align(4);
    bytes.push(value & 255, value >>> 8 & 255, value >>> 16 & 255, value >>> 24);
  };
  const putArray = (type: string, alignment: number, elements: readonly DbusValue[]) => {
    uint32(0);
    const lengthAt = bytes.length - 4;
    align(alignment);
    const start = bytes.length;
    for (const element of elements) put(type, element);
    const size = bytes.length - start;
    bytes.splice(lengthAt, 4, size & 255, size >>> 8 & 255, size >>> 16 & 255, size >>> 24);
  };
  const put = (type: string, value: DbusValue) => {
    if (type === "s" || type === "o") {
      const text = new TextEncoder().encode(String(value));
      uint32(text.length);
      bytes.push(...text, 0);
    } else if (type === "b") {
      uint32(value ? 1 : 0);
    } else if (type === "v") {
      const variant = value as Variant;
      bytes.push(variant.type.length, ...new TextEncoder().encode(variant.type), 0);
      put(variant.type, variant.value);
    } else if (type === "ay") {
      uint32((value as Uint8Array).length);
      bytes.push(...value as Uint8Array);
    } else if (type.startsWith("a{")) {
      putArray(`(${type.slice(2, -1)})`, 8, [...value as ReadonlyMap<string, DbusValue>]);
    } else if (type.startsWith("a")) {
      putArray(type.slice(1), 4, value as readonly DbusValue[]);
    } else if (type.startsWith("(")) {
      align(8);
      typesIn(type.slice(1, -1)).forEach((member, index) =>
        put(member, (value as readonly DbusValue[])[index])
      );
    } else {
      throw new TypeError(`no encoding for D-Bus type ${type}`);
    }
  };
  typesIn(signature).forEach((type, index) => put(type, values[index]));
  return Uint8Array.from(bytes);
}

/** What `bytes` hold: arrays of bytes as Uint8Array, dictionaries as maps, structures as arrays. */
export function decodeValues(signature: string, bytes: Uint8Array, little: boolean): DbusValue[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const align = (size: number) => at = Math.ceil(at / size) * size;
  const uint32 = () => {
    align(4);
    at += 4;
    return view.getUint32(at - 4, little);
  };
  const text = (length: number) => {
    const value = new TextDecoder().decode(bytes.subarray(at, at + length));
    at += length + 1;
    return value;
  };
  const take = (type: string): DbusValue => {
    switch (type) {
      case "y":
        return bytes[at++];
      case "b":
        return uint32() !== 0;
      case "u":
        return uint32();
      case "t":
        align(8);
        at += 8;
        return view.getBigUint64(at - 8, little);
      case "s":
      case "o":
        return text(uint32());
      case "g":
        return text(bytes[at++]);
      case "v":
        return take(text(bytes[at++]));
    }
    if (type.startsWith("(")) {
      align(8);
      return typesIn(type.slice(1, -1)).map(take);
    }
    if (!type.startsWith("a")) throw new TypeError(`no decoding for D-Bus type ${type}`);
    const length = uint32();
    const element = type.slice(1);
    if (element === "y") {
      at += length;
      return bytes.slice(at - length, at);
    }
    if (/^[({tx]/.test(element)) align(8);
    const end = at + length;
    if (end > bytes.length) throw new RangeError("a D-Bus array is longer than its message");
    if (element.startsWith("{")) {
      const [key, value] = typesIn(element.slice(1, -1));
      const map = new Map<string, DbusValue>();
      while (at < end) {
        align(8);
        map.set(String(take(key)), take(value));
      }
      return map;
    }
    const list: DbusValue[] = [];
    while (at < end) list.push(take(element));
    return list;
  };
  return typesIn(signature).map(take);
}

/** The complete types that follow each other in a signature. */
function typesIn(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length;) {
    const start = at;
    while (signature[at] === "a") at++;
    for (let depth = 0; at < signature.length;) {
      const character = signature[at++];
      if (character === "(" || character === "{") depth++;
      if (character === ")" || character === "}") depth--;
      if (depth === 0) break;
    }
    types.push(signature.slice(start, at));
  }
  return types;
}
