-- What a token is for, in its owner's words; null: not described.
alter table personal_access_tokens add column description text;
