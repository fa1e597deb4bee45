/** All servers that are available, each with a database of its own on one PostgreSQL. */
import { startPostgres } from "../../tests/support/postgres.ts";
import { provideSystemPackages, TOKEN_CHECK_NEEDS } from "../system_packages.ts";
import { addDatabase } from "./add_database.ts";
import { type Choice, isChosen, SLOW } from "./choice.ts";
import type { Contender } from "./contender.ts";
import { startBetterAuth } from "./contenders/better_auth.ts";
import { startDex } from "./contenders/dex.ts";
import { startHydra } from "./contenders/hydra.ts";
import { startKeycloak } from "./contenders/keycloak.ts";
import { startOidcProvider } from "./contenders/oidc_provider.ts";
import { findPostmaster } from "./postmaster.ts";
import { startProductContender } from "./product/product.ts";

/** Products, or some of their operations, that cannot be measured here, and why. */
export type Absent = Record<string, string>;

export interface Contenders extends AsyncDisposable {
  /** This program is the first. */
  contenders: Contender[];
  absent: Absent;
  /** The URL of PostgreSQL's superuser. */
  databaseUrl: string;
  postmasterPid: number;
}

type Start = (databaseUrl: string, folder: string) => Promise<Contender>;

/** Those that take long to start are the last. */
export const OTHERS: Readonly<Record<string, Start>> = {
  "oidc-provider": startOidcProvider,
  "better-auth": startBetterAuth,
  "Dex": startDex,
  "Ory Hydra": startHydra,
  "Keycloak": startKeycloak,
};

export async function startContenders(choice: Choice): Promise<Contenders> {
  // deno-lint-ignore no-console -- a task reports to its user
  await provideSystemPackages(TOKEN_CHECK_NEEDS, (line) => console.log(line));
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const { url } = cleanUp.use(await startPostgres("18", { durable: true }));
  const contenders: Contender[] = [];
  const add = async (name: string, start: Start) => {
    const contender = await start(await addDatabase(url, name), folder);
    cleanUp.defer(() => contender.stop());
    contenders.push(contender);
  };
  await add("product", startProductContender);
  const absent: Absent = {};
  for (const [name, start] of Object.entries(OTHERS)) {
    if (choice === "quick" && name === SLOW) {
      absent[name] = "takes minutes to start: leave out --quick";
    }
    if (!isChosen(name, choice)) continue;
    try {
      await add(name, start);
    } catch (error) {
      absent[name] = (error as Error).message.split("\n")[0];
    }
  }
  const owned = cleanUp.move();
  return {
    ...{ contenders, absent, databaseUrl: url, postmasterPid: await findPostmaster(url) },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
