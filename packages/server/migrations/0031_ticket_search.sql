-- Full-text search over tickets, messages and internal notes, for the desk.

alter table support_tickets add column search_words tsvector not null
  generated always as (setweight(search_words(subject), 'A') || setweight(search_words(body), 'B')) stored;
alter table support_messages add column search_words tsvector not null
  generated always as (setweight(search_words(body), 'C')) stored;
create index support_tickets_search on support_tickets using gin (search_words);
create index support_messages_search on support_messages using gin (search_words);
create index support_tickets_number on support_tickets using gin (ticket_number gin_trgm_ops);

-- Tickets that a search finds, with how well. @@ is not leakproof, so under row-level security the GIN indexes would not
-- be used: this reviewed function runs as the owner, and works in the desk's scope alone, where every ticket is visible.
create function search_tickets(p_query text) returns table (ticket_id uuid, rank real)
  language plpgsql stable security definer rows 100
  set search_path = public
  as $$
declare
  terms tsquery := search_terms(p_query);
  number text := upper(trim(p_query));
begin
  if app_scope() <> 'platform' then
    raise exception 'search_tickets outside the desk' using errcode = 'insufficient_privilege';
  end if;
  return query
    select f.id, max(f.rank)::real from (
      select t.id, ts_rank(t.search_words, terms) as rank from support_tickets t where t.search_words @@ terms
      union all
      select m.ticket_id, ts_rank(m.search_words, terms) from support_messages m where m.search_words @@ terms
      union all
      -- A number is what people quote, whole or in part: it comes first.
      select t.id, 2 from support_tickets t
        where number ~ '^(TKT-?)?[0-9-]*[0-9]$' and t.ticket_number like '%' || number || '%'
    ) f group by f.id;
end $$;
revoke execute on function search_tickets from public;
grant execute on function search_tickets to wardline_app;
