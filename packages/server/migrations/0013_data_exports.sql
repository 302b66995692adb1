-- What a person asked to be given of their own data, and the file that a job makes of it.
create table data_exports (
  id uuid primary key,
  user_id uuid not null references users,
  format text not null check (format in ('json', 'pdf')),
  include_documents boolean not null default false,
  status text not null default 'PENDING' check (status in ('PENDING', 'RUNNING', 'READY', 'FAILED', 'EXPIRED')),
  -- Per cent.
  progress integer not null default 0 check (progress between 0 and 100),
  storage_key text,
  size_bytes bigint check (size_bytes >= 0),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  -- Of the file: 7 days after it was finished.
  expires_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check (status <> 'READY' or (storage_key is not null and expires_at is not null and progress = 100))
);
-- One at a time, however many are asked for at once.
create unique index data_exports_running on data_exports (user_id) where status in ('PENDING', 'RUNNING');
create index data_exports_user on data_exports (user_id, created_at desc, id desc);
create index data_exports_expiry on data_exports (expires_at) where status = 'READY';
create index data_exports_unfinished on data_exports (created_at) where status in ('PENDING', 'RUNNING');
create trigger data_exports_updated_at before update on data_exports for each row execute function set_updated_at();
alter table data_exports enable row level security, force row level security;
create policy owner on data_exports to current_user using (true);
create policy person on data_exports to wardline_app
  using ((select app_scope()) = 'person' and user_id = (select app_user_id()));
grant select, insert, update on data_exports to wardline_app;

-- Exports whose time is over, some at a time, with the files to delete. A file that cannot be deleted now is answered
-- again: expired is written once the file is gone. Definer: they are many people's.
create function due_data_exports(p_now timestamptz, p_limit integer) returns table (id uuid, storage_key text)
  language sql stable security definer set search_path = public
  as $$
    select e.id, e.storage_key from data_exports e
      where e.status = 'READY' and e.expires_at <= p_now order by e.expires_at limit p_limit
  $$;
revoke execute on function due_data_exports from public;
grant execute on function due_data_exports to wardline_app;

create function expire_data_export(p_id uuid, p_now timestamptz) returns void
  language sql security definer set search_path = public
  as $$
    update data_exports e set status = 'EXPIRED', storage_key = null
      where e.id = p_id and e.status = 'READY' and e.expires_at <= p_now
  $$;
revoke execute on function expire_data_export from public;
grant execute on function expire_data_export to wardline_app;

-- More than any export takes with all its retries: what is not finished by then never will be, and must not
-- stand in the way of the next.
create function fail_stuck_data_exports(p_now timestamptz) returns void
  language sql security definer set search_path = public
  as $$
    update data_exports e set status = 'FAILED', finished_at = p_now
      where e.status in ('PENDING', 'RUNNING') and e.created_at < p_now - interval '12 hours'
  $$;
revoke execute on function fail_stuck_data_exports from public;
grant execute on function fail_stuck_data_exports to wardline_app;

-- Where the person is a patient: the export reads each organization's part inside its wall. Only for the person in scope.
create function export_organizations() returns table (organization_id uuid, name text, patient_id uuid)
  language plpgsql stable security definer set search_path = public
  as $$
begin
  if app_user_id() is null or app_scope() <> 'person' then
    raise exception 'export_organizations needs a person in scope' using errcode = 'insufficient_privilege';
  end if;
  return query
    select e.organization_id, o.name, p.id from patients p
      join organization_patients e on e.patient_id = p.id and e.deleted_at is null
      join organizations o on o.id = e.organization_id
      where p.user_id = app_user_id() and p.deleted_at is null order by o.name, o.id;
end $$;
revoke execute on function export_organizations from public;
grant execute on function export_organizations to wardline_app;
