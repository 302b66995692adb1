-- What is recorded about the calls themselves: audit, impersonations, idempotency, events, telemetry.

-- No default partition is relied on: upkeep makes the months ahead. It exists so that a missed upkeep
-- costs a slow partition, never a refused audit row.
create table audit_logs (
  id uuid not null,
  actor_user_id uuid,
  actor_type text not null check (actor_type in ('USER', 'API_KEY', 'SYSTEM', 'ANONYMOUS')),
  organization_id uuid,
  operation_id text not null,
  resource_type text not null,
  resource_id uuid,
  action_type text not null,
  ip_address inet,
  user_agent text,
  impersonator_id uuid,
  request_id text not null,
  reason text,
  outcome text not null check (outcome in ('SUCCESS', 'DENIED')),
  problem_code text,
  changes jsonb,
  occurred_at timestamptz(3) not null,
  primary key (id, occurred_at)
) partition by range (occurred_at);
create index audit_logs_organization on audit_logs (organization_id, occurred_at desc, id desc);
create index audit_logs_resource on audit_logs (resource_id);
create index audit_logs_actor on audit_logs (actor_user_id, occurred_at desc);
create index audit_logs_occurred on audit_logs (occurred_at desc, id desc);
create trigger audit_logs_append_only before update or delete on audit_logs
  for each row execute function refuse_change();
create trigger audit_logs_no_truncate before truncate on audit_logs
  for each statement execute function refuse_change();
create table audit_logs_default partition of audit_logs default;
create trigger audit_logs_default_no_truncate before truncate on audit_logs_default
  for each statement execute function refuse_change();
alter table audit_logs enable row level security, force row level security;
create policy owner on audit_logs to current_user using (true);
create policy tenant on audit_logs for select to wardline_app
  using (organization_id = (select app_organization_id()));
create policy platform on audit_logs for select to wardline_app using ((select app_scope()) = 'platform');
-- The pipeline alone writes rows, for every organization.
create policy record on audit_logs for insert to wardline_app with check (true);
grant select, insert on audit_logs to wardline_app;

create table impersonations (
  id uuid primary key,
  organization_id uuid not null references organizations,
  patient_id uuid not null references patients,
  admin_user_id uuid not null references users,
  reason text not null check (length(trim(reason)) >= 10),
  started_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  ended_at timestamptz(3),
  ended_by uuid references users,
  audit_log_id uuid not null,
  created_at timestamptz(3) not null default now(),
  check (expires_at <= started_at + interval '1 hour')
);
create index impersonations_organization on impersonations (organization_id, started_at desc, id desc);
create index impersonations_patient on impersonations (patient_id);
create index impersonations_admin on impersonations (admin_user_id);
alter table impersonations enable row level security, force row level security;
create policy owner on impersonations to current_user using (true);
create policy tenant on impersonations to wardline_app
  using (organization_id = (select app_organization_id()));
create policy platform on impersonations for select to wardline_app using ((select app_scope()) = 'platform');
grant select, insert, update on impersonations to wardline_app;
alter table user_sessions add foreign key (impersonation_id) references impersonations;

create table idempotency_keys (
  actor_id uuid not null,
  operation_id text not null,
  key text not null check (length(key) between 1 and 255),
  request_hash bytea not null,
  status integer not null,
  response jsonb,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  primary key (actor_id, operation_id, key)
);
create index idempotency_keys_expiry on idempotency_keys (expires_at);
alter table idempotency_keys enable row level security, force row level security;
create policy owner on idempotency_keys to current_user using (true);
create policy person on idempotency_keys to wardline_app using (actor_id = (select app_user_id()));
grant select, insert, update on idempotency_keys to wardline_app;

-- The outbox. Transactions commit out of id order, so a tail by id alone loses events: (xid, id) below the
-- oldest running transaction (pg_snapshot_xmin) is gap-free.
create table events (
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  user_id uuid,
  organization_id uuid,
  to_support boolean not null default false,
  type text not null,
  payload jsonb not null,
  created_at timestamptz(3) not null,
  check (user_id is not null or organization_id is not null or to_support)
);
create index events_order on events (xid, id);
create index events_user on events (user_id, xid, id) where user_id is not null;
create index events_organization on events (organization_id, xid, id) where organization_id is not null;
create index events_support on events (xid, id) where to_support;
create index events_created on events (created_at);
alter table events enable row level security, force row level security;
create policy owner on events to current_user using (true);
create policy publish on events for insert to wardline_app with check (true);
create policy tail on events for select to wardline_app using ((select app_scope()) = 'events');
grant select, insert on events to wardline_app;

-- How far retention has deleted: a resume from before this point answers stream.reset.
create table events_purged (
  singleton boolean primary key default true check (singleton),
  xid xid8 not null,
  id bigint not null
);
insert into events_purged (xid, id) values ('0', 0);
grant select on events_purged to wardline_app;

create table telemetry_events (
  id uuid not null,
  user_id uuid not null,
  event_name text not null check (length(event_name) between 1 and 100),
  properties jsonb not null default '{}',
  ip_address inet,
  user_agent text,
  occurred_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  primary key (id, occurred_at)
) partition by range (occurred_at);
create index telemetry_events_user on telemetry_events (user_id, occurred_at desc);
create index telemetry_events_name on telemetry_events (event_name, occurred_at desc);
create table telemetry_events_default partition of telemetry_events default;
grant insert on telemetry_events to wardline_app;

-- Makes the monthly partitions from last month to a year and a quarter ahead. Definer: the application owns nothing.
create function ensure_partitions(p_today date) returns void
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
        execute format('create table %I partition of %I for values from (%L) to (%L)',
          part, parent, month::timestamptz, (month + interval '1 month')::date::timestamptz);
        if parent = 'audit_logs' then
          execute format('create trigger %I before truncate on %I for each statement execute function refuse_change()',
            part || '_no_truncate', part);
        end if;
      end if;
    end loop;
  end loop;
end $$;
revoke execute on function ensure_partitions from public;
grant execute on function ensure_partitions to wardline_app;

-- Deletes what has outlived its purpose; answers how many rows went.
create function purge_expired(p_now timestamptz, p_limit integer) returns bigint
  language plpgsql security definer set search_path = public
  as $$
declare
  gone bigint := 0;
  n bigint;
  last_xid xid8;
  last_id bigint;
begin
  delete from idempotency_keys k using (
    select actor_id, operation_id, key from idempotency_keys where expires_at < p_now limit p_limit
  ) d where (k.actor_id, k.operation_id, k.key) = (d.actor_id, d.operation_id, d.key);
  get diagnostics n = row_count; gone := gone + n;
  delete from stream_tickets where id in (select id from stream_tickets where expires_at < p_now - interval '1 hour' limit p_limit);
  get diagnostics n = row_count; gone := gone + n;
  delete from mfa_challenges where id in (select id from mfa_challenges where expires_at < p_now - interval '1 day' limit p_limit);
  get diagnostics n = row_count; gone := gone + n;
  delete from mfa_enrollments where expires_at < p_now;
  get diagnostics n = row_count; gone := gone + n;
  with old as (
    delete from events where id in (
      select id from events where created_at < p_now - interval '7 days' order by xid, id limit p_limit)
    returning xid, id
  )
  select o.xid, o.id, count(*) over () into last_xid, last_id, n from old o order by o.xid desc, o.id desc limit 1;
  if found then
    gone := gone + n;
    update events_purged p set xid = last_xid, id = last_id where (p.xid, p.id) < (last_xid, last_id);
  end if;
  return gone;
end $$;
revoke execute on function purge_expired from public;
grant execute on function purge_expired to wardline_app;

-- Everything that the gates need to know of a session, in one round trip. Definer: memberships and
-- enrollments of every organization of the person are inside tenants' walls.
create function load_session(p_session_id uuid, p_now timestamptz) returns jsonb
  language plpgsql stable security definer set search_path = public
  as $$
declare
  answer jsonb;
begin
  select jsonb_build_object(
    'session', jsonb_build_object(
      'id', s.id, 'user_id', s.user_id, 'revoked_reason', s.revoked_reason, 'revoked', s.revoked_at is not null,
      'expires_at', s.expires_at, 'last_active_at', s.last_active_at, 'idle_seconds', s.idle_seconds,
      'mfa_verified_at', s.mfa_verified_at),
    'user', jsonb_build_object(
      'email', u.email, 'display_name', u.display_name, 'mfa_enabled', u.mfa_enabled,
      'is_super_admin', u.is_super_admin, 'is_support_agent', u.is_support_agent,
      'requires_consent', u.requires_consent, 'locked_until', u.locked_until,
      'suspended', u.suspended_at is not null, 'deleted', u.deleted_at is not null),
    'memberships', (
      select coalesce(jsonb_agg(jsonb_build_object('organization_id', m.organization_id, 'role', m.role,
          'suspended', o.suspended_at is not null) order by m.organization_id), '[]')
        from organization_memberships m join organizations o on o.id = m.organization_id
        where m.user_id = u.id and m.deleted_at is null and o.deleted_at is null),
    'patients', (
      select coalesce(jsonb_agg(to_jsonb(r)), '[]') from (
        select p.id as patient_id, true as self, true as can_view_clinical_notes, true as can_view_billing,
            true as can_schedule_appointments, null::timestamptz as expires_at, e.organizations
          from patients p
          cross join lateral (select coalesce(jsonb_agg(op.organization_id), '[]') as organizations
            from organization_patients op where op.patient_id = p.id and op.deleted_at is null) e
          where p.user_id = u.id and p.deleted_at is null
        union all
        select a.patient_id, false, a.can_view_clinical_notes, a.can_view_billing,
            a.can_schedule_appointments, a.expires_at, e.organizations
          from proxies x
          join patient_proxy_assignments a on a.proxy_id = x.id and a.deleted_at is null
          join patients p on p.id = a.patient_id and p.deleted_at is null
          cross join lateral (select coalesce(jsonb_agg(op.organization_id), '[]') as organizations
            from organization_patients op where op.patient_id = p.id and op.deleted_at is null) e
          where x.user_id = u.id and x.deleted_at is null
      ) r),
    'pending_documents', (
      select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'type', d.type, 'version', d.version, 'title', d.title)
          order by d.type), '[]')
        from (select distinct on (type) id, type, version, title from consent_documents
          where effective_date <= p_now order by type, effective_date desc, created_at desc) d
        where u.requires_consent
          and not exists (select from consents c where c.user_id = u.id and c.document_id = d.id)),
    'impersonation', (
      select jsonb_build_object('id', i.id, 'admin_user_id', i.admin_user_id, 'admin_name', a.display_name,
          'patient_id', i.patient_id, 'organization_id', i.organization_id, 'reason', i.reason,
          'expires_at', i.expires_at, 'ended', i.ended_at is not null,
          'admin_live', a.deleted_at is null and a.suspended_at is null and (a.is_super_admin or exists (
            select from organization_memberships m where m.user_id = a.id and m.deleted_at is null
              and m.organization_id = i.organization_id and m.role = 'ADMIN')))
        from impersonations i join users a on a.id = i.admin_user_id where i.id = s.impersonation_id)
  ) into answer
  from user_sessions s join users u on u.id = s.user_id
  where s.id = p_session_id;
  return answer;
end $$;
revoke execute on function load_session from public;
grant execute on function load_session to wardline_app;

-- Losing access must close open streams at once: these rare changes wake every replica.
create function announce_access_change() returns trigger
  language plpgsql
  as $$
begin
  perform pg_notify('wardline_access', case tg_table_name
    when 'users' then to_jsonb(new) ->> 'id' else to_jsonb(new) ->> 'user_id' end);
  return null;
end $$;
create trigger user_sessions_access after update of revoked_at on user_sessions
  for each row when (new.revoked_at is not null and old.revoked_at is null) execute function announce_access_change();
create trigger organization_memberships_access after update of role, deleted_at on organization_memberships
  for each row execute function announce_access_change();
create trigger users_access after update of suspended_at, deleted_at, is_super_admin, is_support_agent, locked_until on users
  for each row execute function announce_access_change();
