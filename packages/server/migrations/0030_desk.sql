-- The desk at depth: tags, two clocks that pause, merging, the timeline, macros and presence.

create function valid_tags(tags text[]) returns boolean
  language sql immutable parallel safe strict
  as $$
    select cardinality(tags) <= 20 and array_position(tags, null) is null
      and not exists (select from unnest(tags) t where t !~ '^[a-z0-9][a-z0-9-]{0,39}$')
      and cardinality(tags) = (select count(distinct t) from unnest(tags) t)
  $$;

alter table support_tickets
  add column tags text[] not null default '{}' check (valid_tags(tags)),
  add column resolution_due_at timestamptz(3),
  -- Since when the clocks stand still: while it waits on the owner, and once it is resolved or closed. The due times do
  -- not move meanwhile; they move by the pause when it ends.
  add column clock_paused_at timestamptz(3),
  add column paused_ms bigint not null default 0 check (paused_ms >= 0),
  add column merged_into_id uuid references support_tickets check (merged_into_id <> id),
  add column merged_at timestamptz(3),
  -- What an undo goes back to.
  add column before_merge jsonb;

-- Neither is a change of somebody's: versions and times stay as they are.
alter table support_tickets disable trigger user;
update support_tickets set
  resolution_due_at = created_at + case urgency when 'URGENT' then interval '8 hours' when 'HIGH' then interval '24 hours'
    when 'NORMAL' then interval '72 hours' else interval '168 hours' end,
  clock_paused_at = case when status = 'WAITING_ON_USER' then updated_at
    when status in ('RESOLVED', 'CLOSED') then coalesce(resolved_at, updated_at) end;
alter table support_tickets enable trigger user;

alter table support_tickets
  alter column resolution_due_at set not null,
  -- The clock that runs now: an index gives the queue's order.
  add column next_due_at timestamptz(3) not null
    generated always as (case when first_responded_at is null then first_response_due_at else resolution_due_at end) stored,
  add check (clock_paused_at is null or status in ('WAITING_ON_USER', 'RESOLVED', 'CLOSED')),
  add check ((merged_into_id is null) = (merged_at is null)),
  add check (merged_into_id is null or status = 'CLOSED');

drop index support_tickets_due;
drop index support_tickets_live;
drop index support_tickets_assignee;
create index support_tickets_due on support_tickets (is_answered, next_due_at, id);
-- The queue as it opens, and its counts: years of closed tickets stay out of their way.
create index support_tickets_live on support_tickets (is_answered, next_due_at, id)
  include (assignee_id, urgency, status, clock_paused_at, user_id)
  where status in ('OPEN', 'IN_PROGRESS', 'WAITING_ON_USER');
create index support_tickets_assignee on support_tickets (assignee_id, is_answered, next_due_at, id);
create index support_tickets_to_close on support_tickets (resolved_at) where status = 'RESOLVED';
create index support_tickets_resolved on support_tickets (resolved_at) where resolved_at is not null;
create index support_tickets_created on support_tickets (created_at);
create index support_tickets_merged on support_tickets (merged_into_id) where merged_into_id is not null;

drop trigger support_tickets_changes on support_tickets;
create trigger support_tickets_changes after update on support_tickets for each row
  execute function capture_changes('is_answered', 'next_due_at', 'before_merge', 'search_words');

create table support_macros (
  id uuid primary key,
  title text not null check (length(title) between 1 and 100),
  body text check (length(body) between 1 and 10000),
  is_internal_note boolean not null default false,
  status text check (status in ('IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED', 'CLOSED')),
  urgency text check (urgency in ('LOW', 'NORMAL', 'HIGH', 'URGENT')),
  add_tags text[] not null default '{}' check (valid_tags(add_tags)),
  remove_tags text[] not null default '{}' check (valid_tags(remove_tags)),
  created_by uuid not null references users,
  version integer not null default 1 check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  check (body is not null or status is not null or urgency is not null or add_tags <> '{}' or remove_tags <> '{}')
);
create unique index support_macros_title on support_macros (lower(title)) where deleted_at is null;
create index support_macros_order on support_macros (title, id) where deleted_at is null;
create index support_macros_created_by on support_macros (created_by);
create trigger support_macros_updated_at before update on support_macros for each row execute function set_updated_at();
create trigger support_macros_changes after update on support_macros for each row execute function capture_changes();
alter table support_macros enable row level security, force row level security;
create policy owner on support_macros to current_user using (true);
create policy desk on support_macros to wardline_app using ((select app_scope()) = 'platform');
grant select, insert, update on support_macros to wardline_app;

-- What happened to a ticket, who did it and when. It never holds the text of a message or a note.
create table support_ticket_events (
  id uuid primary key,
  ticket_id uuid not null references support_tickets,
  type text not null check (type in
    ('CREATED', 'MESSAGE', 'REPLY', 'NOTE', 'CHANGED', 'MERGED', 'MERGED_IN', 'UNMERGED', 'UNMERGED_OUT', 'OVERDUE')),
  -- Null: the system.
  actor_id uuid references users,
  -- The ticket's version since; null where it did not change.
  version integer check (version > 0),
  -- [{field, from, to}]
  changes jsonb not null default '[]',
  message_id uuid references support_messages,
  macro_id uuid references support_macros,
  other_ticket_id uuid references support_tickets,
  clock text check (clock in ('FIRST_RESPONSE', 'RESOLUTION')),
  created_at timestamptz(3) not null,
  check ((type = 'OVERDUE') = (clock is not null))
);
create index support_ticket_events_ticket on support_ticket_events (ticket_id, created_at, id);
-- However many workers look: a clock is reported once.
create unique index support_ticket_events_overdue on support_ticket_events (ticket_id, clock) where type = 'OVERDUE';
create index support_ticket_events_actor on support_ticket_events (actor_id) where actor_id is not null;
create index support_ticket_events_message on support_ticket_events (message_id) where message_id is not null;
create index support_ticket_events_macro on support_ticket_events (macro_id) where macro_id is not null;
create index support_ticket_events_other on support_ticket_events (other_ticket_id) where other_ticket_id is not null;
create trigger support_ticket_events_append_only before update or delete on support_ticket_events
  for each row execute function refuse_change();
create trigger support_ticket_events_no_truncate before truncate on support_ticket_events
  for each statement execute function refuse_change();
alter table support_ticket_events enable row level security, force row level security;
create policy owner on support_ticket_events to current_user using (true);
create policy desk on support_ticket_events to wardline_app using ((select app_scope()) = 'platform');
-- An owner's own acts are written, and nothing is read: who at the desk did what is the desk's affair.
create policy person on support_ticket_events for insert to wardline_app
  with check ((select app_scope()) = 'person' and actor_id = (select app_user_id()) and type in ('CREATED', 'MESSAGE', 'CHANGED')
    and exists (select from support_tickets t where t.id = ticket_id and t.user_id = (select app_user_id())));
grant select, insert on support_ticket_events to wardline_app;

insert into support_ticket_events (id, ticket_id, type, actor_id, version, created_at)
  select gen_random_uuid(), id, 'CREATED', user_id, 1, created_at from support_tickets;

-- Who has a ticket open. Rows outlive their 30 seconds and are read as gone.
create table support_presence (
  ticket_id uuid not null references support_tickets,
  agent_id uuid not null references users,
  state text not null check (state in ('VIEWING', 'REPLYING')),
  since timestamptz(3) not null,
  seen_at timestamptz(3) not null,
  primary key (ticket_id, agent_id)
);
create index support_presence_agent on support_presence (agent_id);
create index support_presence_seen on support_presence (seen_at);
alter table support_presence enable row level security, force row level security;
create policy owner on support_presence to current_user using (true);
create policy desk on support_presence to wardline_app using ((select app_scope()) = 'platform');
grant select, insert, update, delete on support_presence to wardline_app;
