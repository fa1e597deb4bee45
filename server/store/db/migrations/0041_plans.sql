-- Searches and lists that read whole tables. The indexes are in 0041_plans.ts.

-- What a part of a text has in common with the text: three characters in a row, and two if one of them is
-- not ASCII, since names in Chinese or Japanese may have no more. For an index that finds any part of a
-- text; pg_trgm is not on every server. The cost makes the planner try cheaper conditions first.
create function search_grams(variadic texts text[]) returns text[]
  language sql immutable strict parallel safe cost 1000
as $$
  select array(
    select substr(t, n, 3) from unnest(texts) t, generate_series(1, length(t) - 2) n
    union
    select substr(t, n, 2) from unnest(texts) t, generate_series(1, length(t) - 1) n
    where octet_length(substr(t, n, 2)) > 2
  )
$$;

-- The names in a list of scopes (RFC 6749 section 3.3).
create function scope_names(scope text) returns text[]
  language sql immutable parallel safe
as $$ select string_to_array(scope, ' ') $$;

-- As before, but the members of a group are found by index, also those that it has from directories.
create or replace view effective_groups as
  select user_id, name, source, name as source_name
  from group_memberships where source = 'local'
  union all
  select m.user_id, m.name, m.source, m.name
  from group_memberships m
  where m.source <> 'local' and m.name not in ('admin', 'user')
    and not exists (select 1 from groups g where g.name = m.name and g.sources is not null)
  union all
  select m.user_id, g.name, m.source, m.name
  from groups g
  cross join lateral (select distinct value from jsonb_array_elements_text(g.sources)) s
  join group_memberships m on m.name = substr(s.value, strpos(s.value, ':') + 1)
    and split_part(m.source, ':', 2) = split_part(s.value, ':', 1)
  where m.source <> 'local' and strpos(s.value, ':') > 0;

create or replace function refresh_groups() returns trigger language plpgsql as $$
begin
  perform refresh_user_groups(array(
    select m.user_id from group_memberships m join changed c on m.name = c.name
    union
    select m.user_id
    from changed c
    cross join lateral jsonb_array_elements_text(c.sources) s (value)
    join group_memberships m on m.name = substr(s.value, strpos(s.value, ':') + 1)
      and split_part(m.source, ':', 2) = split_part(s.value, ':', 1)
    where m.source <> 'local' and strpos(s.value, ':') > 0
  ));
  return null;
end
$$;
