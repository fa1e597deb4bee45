import { Buffer } from "node:buffer";
import type { CityResponse, Reader } from "mmdb-lib";
import type { Log } from "./log.ts";

/** The location of an address, such as "Lyon, France"; undefined if unknown. */
export type PlaceOf = (address: string) => Promise<string | undefined>;

/**
 * Locations from the operator's MaxMind database (city or country). It is read on first use and
 * kept. If the file cannot be read, a warning is logged and locations are unknown.
 */
export function placesFrom(file: string | undefined, log: Log): PlaceOf {
  if (file === undefined) return () => Promise.resolve(undefined);
  let opened: Promise<Reader<CityResponse> | undefined> | undefined;
  const open = async () => {
    try {
      const { Reader } = await import("mmdb-lib");
      return new Reader<CityResponse>(Buffer.from(await Deno.readFile(file)));
    } catch (error) {
      const reason = error instanceof Deno.errors.NotFound
        ? "it does not exist"
        : error instanceof Deno.errors.PermissionDenied
        ? "the user that runs the server may not read it"
        : "it is not a MaxMind database";
      log("warn", "geoip_file_unreadable", { file, reason });
    }
  };
  return async (address) => {
    const reader = await (opened ??= open());
    try {
      return placeName(reader?.get(address));
    } catch {
      // Not an address, or IPv6 in a file with IPv4 only.
      return undefined;
    }
  };
}

function placeName(city: CityResponse | null | undefined): string | undefined {
  const names = [city?.city, city?.country ?? city?.registered_country]
    .map((part) => part?.names?.en).filter((name) => name !== undefined);
  return names.length === 0 ? undefined : names.join(", ");
}
