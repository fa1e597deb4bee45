/** Places of addresses, where the operator gives a GeoIP file. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { geoipLookup } from "../../server/geoip.ts";
import { databaseKinds } from "../support/databases.ts";
import { writeGeoipFile } from "../support/geoip_file.ts";
import { addUserWithPassword, signedIn } from "../support/person.ts";
import { testServer } from "../support/test_server.ts";

const lyon = { city: { names: { en: "Lyon" } }, country: { names: { en: "France" } } };
const kenya = { registered_country: { names: { en: "Kenya" } } };

Deno.test("returns the location of an address in the file, and none of another", async () => {
  const folder = await Deno.makeTempDir({ prefix: "geoip-" });
  const file = join(folder, "city.mmdb");
  await writeGeoipFile(file, { 192: lyon, 41: kenya, 42: {} });
  const warnings: string[] = [];
  const placeOf = geoipLookup(file, (_level, event) => void warnings.push(event));
  assert.equal(await placeOf("192.0.2.1"), "Lyon, France");
  assert.equal(await placeOf("41.1.2.3"), "Kenya");
  for (const address of ["42.1.2.3", "10.0.0.1", "2001:db8::1", "", "nonsense"]) {
    assert.equal(await placeOf(address), undefined, address);
  }
  assert.deepEqual(warnings, []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("logs one warning for a file that cannot be read", async () => {
  const folder = await Deno.makeTempDir({ prefix: "geoip-" });
  const broken = join(folder, "broken.mmdb");
  await Deno.writeTextFile(broken, "no database");
  for (const file of [broken, join(folder, "none.mmdb")]) {
    const warnings: string[] = [];
    const placeOf = geoipLookup(file, (level, event) => void warnings.push(`${level} ${event}`));
    assert.equal(await placeOf("192.0.2.1"), undefined);
    assert.equal(await placeOf("192.0.2.1"), undefined);
    assert.deepEqual(warnings, ["warn geoip_file_unreadable"]);
  }
  assert.equal(await geoipLookup(undefined, () => {})("192.0.2.1"), undefined);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the approval page names the locations of both addresses", async () => {
  await using database = await databaseKinds[0].create();
  const folder = await Deno.makeTempDir({ prefix: "geoip-" });
  await writeGeoipFile(join(folder, "city.mmdb"), { 192: lyon });
  await using server = await testServer(database.location, (config) => {
    config.geoipFile = join(folder, "city.mmdb");
  });
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const login = await server.startLogin();
  await browser.get("/device");
  const entered = await browser.submit("/device", { user_code: login.user_code });
  const page = await browser.get(entered.location!);
  assert.equal(page.text.match(/192\.0\.2\.1 \( Lyon, France \)/g)?.length, 2, page.text);
  await Deno.remove(folder, { recursive: true });
});
