/** oidc-provider's storage on PostgreSQL, after its example of an adapter: a row of JSON for each token. */
import pg from "pg";

const TABLE = `
  create table if not exists oidc (
    model text, id text, payload jsonb not null, grant_id text, user_code text, uid text,
    expires_at timestamptz, consumed_at timestamptz, primary key (model, id)
  );
  create index if not exists oidc_grant on oidc (grant_id);
  create index if not exists oidc_user_code on oidc (user_code);
  create index if not exists oidc_uid on oidc (uid)`;

/** Each statement is prepared once for each connection. */
export async function postgresAdapter(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 10 });
  await pool.query(TABLE);
  const run = (name, text, values) => pool.query({ name, text, values });
  const found = ({ rows: [row] }) =>
    row && { ...row.payload, ...row.consumed_at && { consumed: true } };
  return class {
    constructor(model) {
      this.model = model;
    }
    async upsert(id, payload, expiresIn) {
      await run(
        "upsert",
        `insert into oidc (model, id, payload, grant_id, user_code, uid, expires_at)
        values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')
        on conflict (model, id) do update set payload = excluded.payload,
          grant_id = excluded.grant_id, user_code = excluded.user_code, uid = excluded.uid,
          expires_at = excluded.expires_at`,
        [this.model, id, payload, payload.grantId, payload.userCode, payload.uid, expiresIn],
      );
    }
    async find(id) {
      const text = "select payload, consumed_at from oidc where model = $1 and id = $2";
      return found(await run("find", text, [this.model, id]));
    }
    async findByUserCode(code) {
      const text = "select payload, consumed_at from oidc where model = $1 and user_code = $2";
      return found(await run("find by user code", text, [this.model, code]));
    }
    async findByUid(uid) {
      const text = "select payload, consumed_at from oidc where model = $1 and uid = $2";
      return found(await run("find by uid", text, [this.model, uid]));
    }
    async consume(id) {
      const text = "update oidc set consumed_at = now() where model = $1 and id = $2";
      await run("consume", text, [this.model, id]);
    }
    async destroy(id) {
      await run("destroy", "delete from oidc where model = $1 and id = $2", [this.model, id]);
    }
    async revokeByGrantId(grantId) {
      const text = "delete from oidc where model = $1 and grant_id = $2";
      await run("revoke", text, [this.model, grantId]);
    }
  };
}
