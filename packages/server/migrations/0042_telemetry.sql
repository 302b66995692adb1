-- Telemetry is stored by groups of requests, counted by the hour as it is stored, and forgotten by the month.

-- Whose requests form the group: a row can be of nobody else.
create function app_user_ids() returns uuid[]
  language sql stable parallel safe
  as $$ select string_to_array(nullif(current_setting('app.user_ids', true), ''), ',')::uuid[] $$;

alter table telemetry_events enable row level security, force row level security;
create policy owner on telemetry_events to current_user using (true);
-- The application writes it and reads none of it.
create policy collect on telemetry_events for insert to wardline_app
  with check ((select app_scope()) = 'telemetry' and user_id = any ((select app_user_ids())::uuid[]));
-- Servers of the release before write each request's rows by itself, in its person's scope.
create policy person on telemetry_events for insert to wardline_app
  with check ((select app_scope()) = 'person' and user_id = (select app_user_id()));
-- What is asked by name is asked of the hours below; an index that nobody reads only slows the writing. That of a partitioned
-- table cannot be dropped concurrently; dropping it takes no time.
-- squawk-ignore require-concurrent-index-deletion
drop index telemetry_events_name;

-- How often each event happened in each hour. Every connection counts in a row of its own, of 16: servers that count the
-- same event do not wait for one another's commits.
create table telemetry_hours (
  hour timestamptz(3) not null,
  event_name text not null,
  shard integer not null check (shard between 0 and 15),
  events bigint not null check (events > 0),
  primary key (hour, event_name, shard)
) partition by range (hour);
create table telemetry_hours_default partition of telemetry_hours default;
alter table telemetry_hours enable row level security, force row level security;
create policy owner on telemetry_hours to current_user using (true);
create policy platform on telemetry_hours for select to wardline_app using ((select app_scope()) = 'platform');
grant select on telemetry_hours to wardline_app;

-- What a retry sent again was not inserted, so it is not counted. Definer: the application counts nothing by itself.
create function count_telemetry() returns trigger
  language plpgsql security definer set search_path = public
  as $$
begin
  insert into telemetry_hours as h (hour, event_name, shard, events)
    select date_trunc('hour', occurred_at, 'UTC'), event_name, pg_backend_pid() % 16, count(*) from kept group by 1, 2
    -- In one order: two that share a shard do not lock each other out.
    order by 1, 2
  on conflict (hour, event_name, shard) do update set events = h.events + excluded.events;
  return null;
end $$;
revoke execute on function count_telemetry from public;
create trigger telemetry_events_count after insert on telemetry_events referencing new table as kept
  for each statement execute function count_telemetry();

-- As before, for one table more. Months of telemetry that fell into a default partition get one of their own and move
-- there, or they would never be dropped; the audit trail is append-only, so its rows stay where they are.
create or replace function ensure_partitions(p_today date) returns void
  language plpgsql security definer set search_path = public set timezone = 'UTC'
  as $$
declare
  parent text;
  moment text;
  stray date[];
  month date;
  part text;
  first timestamptz;
  next timestamptz;
begin
  perform pg_advisory_xact_lock(hashtext('wardline.partitions'));
  foreach parent in array array['audit_logs', 'telemetry_events', 'telemetry_hours'] loop
    moment := case parent when 'telemetry_hours' then 'hour' else 'occurred_at' end;
    stray := '{}';
    if parent <> 'audit_logs' then
      execute format('select coalesce(array_agg(distinct date_trunc(''month'', %I)::date), ''{}'') from %I', moment, parent || '_default')
        into stray;
    end if;
    for month in
      select (date_trunc('month', p_today) + make_interval(months => i))::date from generate_series(-1, 15) i
      union select unnest(stray) order by 1
    loop
      part := parent || to_char(month, '_YYYY_MM');
      continue when to_regclass(part) is not null;
      first := month::timestamptz;
      next := (month + interval '1 month')::timestamptz;
      if month = any (stray) then
        execute format('create table %I (like %I including all)', part, parent);
        execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
          parent || '_default', moment, first, moment, next, part);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, first, next);
      else
        begin
          execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent, first, next);
        exception when check_violation then
          raise warning 'rows of % are in the default partition of %', month, parent;
          continue;
        end;
      end if;
      if parent = 'audit_logs' then
        execute format('create trigger %I before truncate on %I for each statement execute function refuse_change()',
          part || '_no_truncate', part);
      elsif parent = 'telemetry_hours' then
        -- Its rows change all the time: with room beside them they stay on their page.
        execute format('alter table %I set (fillfactor = 50)', part);
      end if;
    end loop;
  end loop;
end $$;

-- Drops the months of telemetry that ended 13 months ago or earlier; answers how many partitions went. One that is in use
-- is left for the next time: writers must not queue up behind us while we wait for a reader. One that was detached is nobody's business
-- here: that is how an operator keeps it.
create function drop_telemetry(p_now timestamptz) returns integer
  language plpgsql security definer set search_path = public set timezone = 'UTC' set lock_timeout = '2s'
  as $$
declare
  part record;
  gone integer := 0;
begin
  perform pg_advisory_xact_lock(hashtext('wardline.partitions'));
  for part in
    select c.relname as name from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      where i.inhparent in ('telemetry_events'::regclass, 'telemetry_hours'::regclass)
        and c.relname ~ '_\d{4}_\d{2}$'
        and to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= p_now - interval '13 months'
      order by 1
  loop
    begin
      -- First the part alone, for dropping it takes the whole table's lock too.
      execute format('lock table %I in access exclusive mode nowait', part.name);
      execute format('drop table %I', part.name);
      gone := gone + 1;
    exception when lock_not_available or deadlock_detected then
      raise warning '% is in use; it is dropped later', part.name;
    end;
  end loop;
  return gone;
end $$;
revoke execute on function drop_telemetry from public;
grant execute on function drop_telemetry to wardline_app;
