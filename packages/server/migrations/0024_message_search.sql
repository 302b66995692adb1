-- Full-text search in subjects and messages.

-- Both dictionaries: the English one finds "refill" by "refills", the simple one what English takes for noise ("Will").
create function search_words(value text) returns tsvector
  language sql immutable parallel safe strict
  as $$ select to_tsvector('pg_catalog.english', search_form(value)) || to_tsvector('pg_catalog.simple', search_form(value)) $$;

alter table message_threads add column search_words tsvector not null generated always as (search_words(subject)) stored;
alter table messages add column search_words tsvector not null generated always as (search_words(body)) stored;
create index message_threads_search on message_threads using gin (organization_id, search_words);
create index messages_search on messages using gin (organization_id, search_words);

-- What was typed, in either dictionary; the last word may be unfinished. Never fails: websearch takes anything. It reads
-- "-word" as "without", which two dictionaries would answer differently: a hyphen before a word is none here.
create function search_terms(value text) returns tsquery
  language sql immutable parallel safe strict
  as $$
    select websearch_to_tsquery('pg_catalog.english', typed)
        || regexp_replace(websearch_to_tsquery('pg_catalog.simple', typed)::text, '''$', ''':*')::tsquery
      from (select regexp_replace(search_form(value), '(^|\s)-+', '\1', 'g') as typed) t
  $$;

-- Threads of the person in scope that a search finds. @@ is not leakproof, so under row-level security the GIN indexes
-- would not be used: this reviewed function runs as the owner, and states itself what it may look at: the threads of one
-- organization and one person, which must be those that the transaction is scoped to.
create function search_threads(p_organization_id uuid, p_user_id uuid, p_query text) returns setof uuid
  language plpgsql stable security definer rows 100
  set search_path = public
  as $$
declare
  terms tsquery := search_terms(p_query);
begin
  if p_organization_id is distinct from app_organization_id() or p_user_id is distinct from app_user_id() then
    raise exception 'search_threads outside its scope' using errcode = 'insufficient_privilege';
  end if;
  return query
    select t.id from message_threads t join message_participants p on p.thread_id = t.id
      where t.organization_id = p_organization_id and p.user_id = p_user_id and t.search_words @@ terms
    union
    select m.thread_id from messages m join message_participants p on p.thread_id = m.thread_id
      where m.organization_id = p_organization_id and p.user_id = p_user_id and m.search_words @@ terms;
end $$;
revoke execute on function search_threads from public;
grant execute on function search_threads to wardline_app;
