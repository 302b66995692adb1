-- What the servers say of themselves: which there are, how much they answered, how fast and how well.
-- No table here belongs to a tenant, and none names a person. Written in the scope `system`, read by the platform.

-- One row a process, made at its start and said again every few seconds. Who stops takes the own row away; what is left
-- behind was lost.
create table server_instances (
  id uuid primary key,
  kind text not null check (kind in ('SERVER', 'WORKER')),
  host text not null check (length(host) <= 255),
  pid integer not null check (pid >= 0),
  version text not null check (length(version) <= 40),
  runs_jobs boolean not null,
  stopping boolean not null default false,
  started_at timestamptz(3) not null,
  seen_at timestamptz(3) not null,
  streams integer not null default 0 check (streams >= 0),
  requests_under_way integer not null default 0 check (requests_under_way >= 0),
  pool_waiting integer not null default 0 check (pool_waiting >= 0),
  event_loop_p99_ms real check (event_loop_p99_ms >= 0),
  memory_bytes bigint not null default 0 check (memory_bytes >= 0)
);
create index server_instances_seen on server_instances (seen_at desc);
alter table server_instances enable row level security, force row level security;
create policy owner on server_instances to current_user using (true);
create policy system on server_instances to wardline_app using ((select app_scope()) = 'system');
create policy platform on server_instances for select to wardline_app using ((select app_scope()) = 'platform');
grant select, insert, update, delete on server_instances to wardline_app;

-- What one process answered in one minute, written once, when the minute is over. `latencies` counts by the limits of
-- observe/histogram.ts; `operations` is {operationId: [requests, refused, errors, total ms, longest ms]}.
create table request_minutes (
  minute timestamptz(0) not null,
  server_id uuid not null,
  requests bigint not null check (requests >= 0),
  refused bigint not null check (refused >= 0),
  errors bigint not null check (errors >= 0),
  total_ms double precision not null check (total_ms >= 0),
  max_ms double precision not null check (max_ms >= 0),
  latencies bigint[] not null,
  operations jsonb not null,
  primary key (minute, server_id)
);
alter table request_minutes enable row level security, force row level security;
create policy owner on request_minutes to current_user using (true);
create policy system on request_minutes to wardline_app using ((select app_scope()) = 'system');
create policy platform on request_minutes for select to wardline_app using ((select app_scope()) = 'platform');
grant select, insert on request_minutes to wardline_app;

-- The same of all processes by the hour, added in the transaction that writes the minute: each minute counts once, even one
-- that is written again because nobody knew whether it had been.
create table request_hours (
  hour timestamptz(0) primary key,
  requests bigint not null check (requests >= 0),
  refused bigint not null check (refused >= 0),
  errors bigint not null check (errors >= 0),
  total_ms double precision not null check (total_ms >= 0),
  max_ms double precision not null check (max_ms >= 0),
  latencies bigint[] not null,
  operations jsonb not null
);
alter table request_hours enable row level security, force row level security;
create policy owner on request_hours to current_user using (true);
create policy system on request_hours to wardline_app using ((select app_scope()) = 'system');
create policy platform on request_hours for select to wardline_app using ((select app_scope()) = 'platform');
grant select, insert, update on request_hours to wardline_app;

create function add_counts(a bigint[], b bigint[]) returns bigint[]
  language sql immutable parallel safe set search_path = pg_catalog
  as $$
    select coalesce(array_agg(coalesce(x, 0) + coalesce(y, 0) order by n), '{}')
    from unnest(a, b) with ordinality as t(x, y, n)
  $$;

create function add_operations(a jsonb, b jsonb) returns jsonb
  language sql immutable parallel safe set search_path = pg_catalog
  as $$
    select coalesce(jsonb_object_agg(key, figures), '{}') from (
      select key, jsonb_build_array(sum((value ->> 0)::bigint), sum((value ->> 1)::bigint), sum((value ->> 2)::bigint),
        sum((value ->> 3)::double precision), max((value ->> 4)::double precision)) as figures
      from (select * from jsonb_each(a) union all select * from jsonb_each(b)) as e
      group by key) as sums
  $$;

-- Minutes serve the last day, hours the last week.
create function purge_measures(p_now timestamptz, p_limit integer) returns bigint
  language sql security definer set search_path = public
  as $$
    with minutes as (
      delete from request_minutes where (minute, server_id) in (
        select minute, server_id from request_minutes where minute < p_now - interval '26 hours' order by minute limit p_limit)
      returning 1),
    hours as (delete from request_hours where hour < p_now - interval '8 days' returning 1),
    lost as (delete from server_instances where seen_at < p_now - interval '1 day' returning 1)
    select count(*) from minutes
  $$;
revoke execute on function purge_measures from public;
grant execute on function purge_measures to wardline_app;
