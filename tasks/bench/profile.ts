// deno-lint-ignore-file no-console -- a task reports to its user
/** Where the processor time of the most frequent requests goes, by function. */
import { freePort } from "../../tests/support/free_port.ts";
import { startPostgres } from "../../tests/support/postgres.ts";
import { provideSystemPackages, TOKEN_CHECK_NEEDS } from "../system_packages.ts";
import type { Load } from "./load.ts";
import { type FunctionShare, Inspector, selfTimes } from "./cpu_profile.ts";
import { runOperation } from "./contender.ts";
import { startProductContender } from "./product/product.ts";
import type { Steps } from "./steps.ts";
import { textTable } from "./text_table.ts";

const SHOWN = 15;
const WARM_UP_SECONDS = 3;

export async function benchProfile(
  { seconds }: { seconds: number },
): Promise<Record<string, FunctionShare[]>> {
  await provideSystemPackages(TOKEN_CHECK_NEEDS, (line) => console.log(line));
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const { url } = cleanUp.use(await startPostgres("18", { durable: true }));
  const port = freePort();
  const product = await startProductContender(url, folder, [`--inspect=127.0.0.1:${port}`]);
  cleanUp.defer(() => product.stop());
  using inspector = await Inspector.open(port);
  const { loads, program, token } = product;
  const verify = (): Promise<Load | Steps> =>
    Promise.resolve({
      url: `http://127.0.0.1:${program.port}/auth/verify`,
      headers: { authorization: `Bearer ${token}` },
    });
  const operations = {
    verify,
    introspection: loads.introspection!,
    "device authorization": loads["device authorization"]!,
    "pending poll": loads["pending poll"]!,
  };
  const figures: Record<string, FunctionShare[]> = {};
  for (const [name, load] of Object.entries(operations)) {
    await runOperation(await load(), WARM_UP_SECONDS);
    const prepared = await load();
    const profile = await inspector.profile(() => runOperation(prepared, seconds));
    figures[name] = selfTimes(profile).slice(0, SHOWN);
    print(name, figures[name]);
  }
  return figures;
}

function print(name: string, functions: readonly FunctionShare[]): void {
  console.log(
    "\n" + textTable([
      [name, "of busy time", "where"],
      ...functions.map(({ name, place, share }) => [name, `${(share * 100).toFixed(1)} %`, place]),
    ]),
  );
}
