/**
 * An operator's command found no database; `message` names the place. Only the commands that are
 * meant to create a database do so.
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
