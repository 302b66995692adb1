-- Support tickets: the requester's side and the desk's, one conversation with two walls around internal notes.

-- Gapless numbers: the counter row is locked until the ticket commits.
create table support_ticket_counters (
  year integer primary key check (year between 2000 and 9999),
  last_number integer not null check (last_number >= 0)
);
grant select, insert, update on support_ticket_counters to wardline_app;

create table support_tickets (
  id uuid primary key,
  user_id uuid not null references users,
  organization_id uuid references organizations,
  ticket_number text not null unique check (ticket_number ~ '^TKT-[0-9]{4}-[0-9]{5,}$'),
  category text not null check (category in ('TECHNICAL', 'BILLING', 'CLINICAL', 'ACCOUNT', 'OTHER')),
  subject text not null check (length(subject) between 1 and 200),
  body text not null check (length(body) between 1 and 20000),
  status text not null default 'OPEN'
    check (status in ('OPEN', 'IN_PROGRESS', 'WAITING_ON_USER', 'RESOLVED', 'CLOSED')),
  urgency text not null default 'NORMAL' check (urgency in ('LOW', 'NORMAL', 'HIGH', 'URGENT')),
  assignee_id uuid references users,
  screenshot_document_id uuid,
  context jsonb not null default '{}',
  first_response_due_at timestamptz(3) not null,
  first_responded_at timestamptz(3),
  -- The queue shows the unanswered first: a column, so that an index gives that order.
  is_answered boolean not null generated always as (first_responded_at is not null) stored,
  resolved_at timestamptz(3),
  version integer not null default 1 check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null default now()
);
create index support_tickets_user on support_tickets (user_id, created_at desc, id desc);
create index support_tickets_queue on support_tickets (status, urgency, first_response_due_at);
create index support_tickets_due on support_tickets (is_answered, first_response_due_at, id);
-- The queue as it opens: years of closed tickets stay out of its way.
create index support_tickets_live on support_tickets (is_answered, first_response_due_at, id)
  where status in ('OPEN', 'IN_PROGRESS', 'WAITING_ON_USER');
create index support_tickets_first_responded on support_tickets (first_responded_at) where first_responded_at is not null;
create index support_tickets_assignee on support_tickets (assignee_id, is_answered, first_response_due_at, id);
create index support_tickets_organization on support_tickets (organization_id) where organization_id is not null;
create trigger support_tickets_updated_at before update on support_tickets for each row execute function set_updated_at();
create trigger support_tickets_changes after update on support_tickets for each row
  execute function capture_changes('is_answered');
alter table support_tickets enable row level security, force row level security;
create policy owner on support_tickets to current_user using (true);
create policy person on support_tickets to wardline_app
  using ((select app_scope()) = 'person' and user_id = (select app_user_id()));
create policy desk on support_tickets to wardline_app using ((select app_scope()) = 'platform');
grant select, insert, update on support_tickets to wardline_app;

create table support_messages (
  id uuid primary key,
  ticket_id uuid not null references support_tickets,
  sender_id uuid references users,
  body text not null check (length(body) between 1 and 20000),
  is_internal_note boolean not null default false,
  attachment_document_id uuid,
  created_at timestamptz(3) not null
);
create index idx_support_messages_ticket on support_messages (ticket_id, created_at, id);
create index support_messages_sender on support_messages (sender_id);
alter table support_messages enable row level security, force row level security;
create policy owner on support_messages to current_user using (true);
-- An internal note does not exist for its ticket's owner, whatever the query says.
create policy person on support_messages to wardline_app
  using ((select app_scope()) = 'person' and not is_internal_note
    and exists (select from support_tickets t where t.id = ticket_id and t.user_id = (select app_user_id())));
create policy desk on support_messages to wardline_app using ((select app_scope()) = 'platform');
grant select, insert on support_messages to wardline_app;
