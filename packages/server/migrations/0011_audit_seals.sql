-- Tamper evidence over audit_logs. Rows commit out of id order, so they are sealed in the order (xid, id), below the
-- oldest running transaction: a row that is not sealed yet cannot slip in behind one that is.
alter table audit_logs add column xid xid8 not null default pg_current_xact_id();
create index audit_logs_sealing on audit_logs (xid, id);

-- Each seal is the Merkle tree head of the rows after the seal before, chained to that one.
create table audit_seals (
  number bigint primary key check (number > 0),
  first_xid xid8 not null,
  first_id uuid not null,
  last_xid xid8 not null,
  last_id uuid not null,
  row_count integer not null check (row_count > 0),
  first_occurred_at timestamptz(3) not null,
  last_occurred_at timestamptz(3) not null,
  root bytea not null check (length(root) = 32),
  previous_hash bytea not null check (length(previous_hash) = 32),
  hash bytea not null check (length(hash) = 32),
  sealed_at timestamptz(3) not null,
  check ((first_xid, first_id) <= (last_xid, last_id))
);
create trigger audit_seals_append_only before update or delete on audit_seals
  for each row execute function refuse_change();
create trigger audit_seals_no_truncate before truncate on audit_seals
  for each statement execute function refuse_change();
-- No tenant's: a seal covers everybody's rows, and shows nothing of them.
alter table audit_seals enable row level security, force row level security;
create policy owner on audit_seals to current_user using (true);
create policy platform on audit_seals to wardline_app using ((select app_scope()) = 'platform');
grant select, insert on audit_seals to wardline_app;

-- As before, but a month whose rows are already in the default partition stays there: that is slow, where an error would
-- keep the server from starting.
create or replace function ensure_partitions(p_today date) returns void
  language plpgsql security definer set search_path = public
  as $$
declare
  parent text;
  month date;
  part text;
begin
  perform pg_advisory_xact_lock(hashtext('wardline.partitions'));
  foreach parent in array array['audit_logs', 'telemetry_events'] loop
    for i in -1..15 loop
      month := (date_trunc('month', p_today) + make_interval(months => i))::date;
      part := parent || to_char(month, '_YYYY_MM');
      if to_regclass(part) is null then
        begin
          execute format('create table %I partition of %I for values from (%L) to (%L)',
            part, parent, month::timestamptz, (month + interval '1 month')::date::timestamptz);
          if parent = 'audit_logs' then
            execute format('create trigger %I before truncate on %I for each statement execute function refuse_change()',
              part || '_no_truncate', part);
          end if;
        exception when check_violation then
          raise warning 'rows of % are in the default partition of %', month, parent;
        end;
      end if;
    end loop;
  end loop;
end $$;
