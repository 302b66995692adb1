-- Outgoing webhooks: where an organization's events go, and how each went.

create table webhook_endpoints (
  id uuid primary key,
  organization_id uuid not null references organizations,
  url text not null check (length(url) between 10 and 2000),
  description text check (length(description) between 1 and 200),
  -- Empty: all.
  event_types text[] not null default '{}' check (cardinality(event_types) <= 50),
  -- Both encrypted by the application. The old one signs along for a day after a rotation.
  secret text not null,
  old_secret text,
  old_secret_until timestamptz(3),
  disabled_at timestamptz(3),
  disabled_reason text check (disabled_reason in ('ADMIN', 'FAILING')),
  -- The first attempt that failed since one last succeeded.
  failing_since timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check ((old_secret is null) = (old_secret_until is null)),
  check ((disabled_at is null) = (disabled_reason is null))
);
create index webhook_endpoints_organization on webhook_endpoints (organization_id, id desc);
create trigger webhook_endpoints_updated_at before update on webhook_endpoints for each row execute function set_updated_at();
create trigger webhook_endpoints_changes after update on webhook_endpoints
  for each row execute function capture_changes('secret', 'old_secret');
alter table webhook_endpoints enable row level security, force row level security;
create policy owner on webhook_endpoints to current_user using (true);
create policy tenant on webhook_endpoints to wardline_app using (organization_id = (select app_organization_id()));
-- The courier works for all organizations.
create policy courier_reads on webhook_endpoints for select to wardline_app using ((select app_scope()) = 'webhooks');
create policy courier_writes on webhook_endpoints for update to wardline_app using ((select app_scope()) = 'webhooks');
grant select, insert, update, delete on webhook_endpoints to wardline_app;

create table webhook_deliveries (
  id uuid primary key,
  organization_id uuid not null references organizations,
  endpoint_id uuid not null references webhook_endpoints on delete cascade,
  event_id text not null check (event_id ~ '^\d{1,20}\.\d{1,20}$'),
  event_type text not null,
  -- As the outbox had it, which forgets sooner: ids and states, never health information.
  payload jsonb not null,
  status text not null default 'PENDING' check (status in ('PENDING', 'DELIVERED', 'FAILED')),
  attempts integer not null default 0 check (attempts >= 0),
  last_attempt_at timestamptz(3),
  response_code integer check (response_code between 100 and 999),
  error text check (error in ('HTTP_STATUS', 'TIMEOUT', 'NAME_NOT_RESOLVED', 'ADDRESS_NOT_ALLOWED', 'CONNECTION_FAILED', 'TLS_FAILED',
    'SECRET_UNREADABLE')),
  latency_ms integer check (latency_ms >= 0),
  -- While an attempt runs: when it counts as lost and another may begin.
  next_attempt_at timestamptz(3),
  replay_of uuid references webhook_deliveries on delete set null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check ((status = 'PENDING') = (next_attempt_at is not null))
);
create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, id desc);
create index webhook_deliveries_organization on webhook_deliveries (organization_id, endpoint_id, id desc);
create index webhook_deliveries_status on webhook_deliveries (organization_id, endpoint_id, status, id desc);
create index webhook_deliveries_due on webhook_deliveries (endpoint_id, next_attempt_at, id) where status = 'PENDING';
-- Whether anything is due at all: looked at twice a second.
create index webhook_deliveries_next on webhook_deliveries (next_attempt_at) where status = 'PENDING';
create index webhook_deliveries_created on webhook_deliveries (created_at);
create index webhook_deliveries_replay on webhook_deliveries (replay_of) where replay_of is not null;
create trigger webhook_deliveries_updated_at before update on webhook_deliveries for each row execute function set_updated_at();
alter table webhook_deliveries enable row level security, force row level security;
create policy owner on webhook_deliveries to current_user using (true);
create policy tenant on webhook_deliveries to wardline_app using (organization_id = (select app_organization_id()));
create policy courier on webhook_deliveries to wardline_app using ((select app_scope()) = 'webhooks');
grant select, insert, update on webhook_deliveries to wardline_app;

-- How far the outbox was turned into deliveries. It moves in the transaction that records them: each event once, whatever
-- crashes, however many servers do it.
create table webhook_cursor (
  singleton boolean primary key default true check (singleton),
  xid xid8 not null,
  id bigint not null
);
insert into webhook_cursor (xid, id) values ('0', 0);
grant select, update on webhook_cursor to wardline_app;

create policy courier on events for select to wardline_app using ((select app_scope()) = 'webhooks');
create policy courier on organizations for select to wardline_app using ((select app_scope()) = 'webhooks');

-- The log is kept for 30 days. Definer: the application deletes no delivery.
create function purge_webhook_deliveries(p_now timestamptz, p_limit integer) returns bigint
  language sql security definer set search_path = public
  as $$
    with gone as (
      delete from webhook_deliveries where id in (
        select id from webhook_deliveries where created_at < p_now - interval '30 days' order by created_at limit p_limit)
      returning 1)
    select count(*) from gone
  $$;
revoke execute on function purge_webhook_deliveries from public;
grant execute on function purge_webhook_deliveries to wardline_app;
