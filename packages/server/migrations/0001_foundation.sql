-- Extensions, the settings that row-level security reads, and the triggers that every table shares.
-- The role wardline_app (made by the migration runner) is what the application connects as: it owns nothing.

create extension if not exists citext;
create extension if not exists pg_trgm;
create extension if not exists btree_gist;
create extension if not exists btree_gin;
create extension if not exists unaccent;

revoke create on schema public from public;
grant usage on schema public to wardline_app;

-- After SET LOCAL ends, the setting reads '' instead of null, and ''::uuid throws: hence nullif.
create function app_organization_id() returns uuid
  language sql stable parallel safe
  as $$ select nullif(current_setting('app.organization_id', true), '')::uuid $$;

create function app_user_id() returns uuid
  language sql stable parallel safe
  as $$ select nullif(current_setting('app.user_id', true), '')::uuid $$;

-- organization | person | platform | events | none
create function app_scope() returns text
  language sql stable parallel safe
  as $$ select coalesce(nullif(current_setting('app.scope', true), ''), 'none') $$;

-- unaccent() is only stable because its dictionary may change; we pin the dictionary.
create function search_form(value text) returns text
  language sql immutable parallel safe strict
  as $$ select lower(public.unaccent('public.unaccent'::regdictionary, value)) $$;

create function set_updated_at() returns trigger
  language plpgsql
  as $$
begin
  new.updated_at := now();
  return new;
end $$;

-- Collects old and new values of an UPDATE for the audit row of the same transaction.
-- Arguments: columns that never belong there (secrets, derived values).
create function capture_changes() returns trigger
  language plpgsql
  as $$
declare
  before jsonb := to_jsonb(old) - coalesce(tg_argv, '{}') - array['updated_at', 'version'];
  diff jsonb;
begin
  select jsonb_object_agg(a.key, jsonb_build_object('old', before -> a.key, 'new', a.value))
    into diff
    from jsonb_each(to_jsonb(new) - coalesce(tg_argv, '{}') - array['updated_at', 'version']) a
    where a.value is distinct from before -> a.key;
  if diff is not null then
    perform set_config('app.changes',
      (coalesce(nullif(current_setting('app.changes', true), ''), '{}')::jsonb || diff)::text, true);
  end if;
  return null;
end $$;

create function refuse_change() returns trigger
  language plpgsql
  as $$
begin
  raise exception '% on % is not allowed: its rows are append-only', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;
