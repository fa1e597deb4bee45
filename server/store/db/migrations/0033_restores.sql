-- Times from which the database was restored. What was used between such a time and the restore is
-- not known to be used: refresh tokens that were replaced, identity tokens that were presented.
create table restores (
  -- The state of the database that was restored.
  since timestamptz primary key,
  -- When it was put into use again.
  applied_at timestamptz not null
);
