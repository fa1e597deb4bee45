/**
 * There is no database where an operator's command looked for one; `message` names the
 * place. Only commands that are meant to create it do.
 */
export class NoDatabase extends Error {
  override readonly name = "NoDatabase";
  constructor(readonly place: string) {
    super(
      `there is no database yet (${place}). If it is elsewhere, name it with --config, ` +
        "--data-dir or --database-url. The commands serve, migrate and admin user add create one.",
    );
  }
}
