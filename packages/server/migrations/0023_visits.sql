-- The times that visits had, the reminders of those to come, and what a person sees of the visits of several practices.

create table appointment_reschedules (
  id uuid primary key,
  organization_id uuid not null references organizations,
  appointment_id uuid not null references appointments,
  previous_scheduled_at timestamptz(3) not null,
  previous_duration_minutes integer not null check (previous_duration_minutes between 15 and 480),
  reason text check (length(reason) between 1 and 500),
  -- Null: an API key.
  rescheduled_by uuid references users,
  rescheduled_at timestamptz(3) not null
);
create index appointment_reschedules_appointment on appointment_reschedules (appointment_id, rescheduled_at desc, id desc);
create index appointment_reschedules_organization on appointment_reschedules (organization_id);
create index appointment_reschedules_by on appointment_reschedules (rescheduled_by) where rescheduled_by is not null;
alter table appointment_reschedules enable row level security, force row level security;
create policy owner on appointment_reschedules to current_user using (true);
create policy tenant on appointment_reschedules to wardline_app
  using (organization_id = (select app_organization_id()));
grant select, insert on appointment_reschedules to wardline_app;

-- Planned when a visit is booked or moved, settled once: sent, or skipped for want of anybody to be told.
create table appointment_reminders (
  id uuid primary key,
  organization_id uuid not null references organizations,
  appointment_id uuid not null references appointments,
  channel text not null check (channel in ('IN_APP', 'EMAIL')),
  lead_minutes integer not null check (lead_minutes > 0),
  due_at timestamptz(3) not null,
  sent_at timestamptz(3),
  skipped_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  check (sent_at is null or skipped_at is null),
  -- A visit that is moved away and back is not reminded of twice.
  constraint appointment_reminders_once unique (appointment_id, channel, due_at)
);
create index appointment_reminders_due on appointment_reminders (due_at, id) where sent_at is null and skipped_at is null;
create index appointment_reminders_organization on appointment_reminders (organization_id);
alter table appointment_reminders enable row level security, force row level security;
create policy owner on appointment_reminders to current_user using (true);
create policy tenant on appointment_reminders to wardline_app
  using (organization_id = (select app_organization_id()));
grant select, insert, delete on appointment_reminders to wardline_app;
grant update (sent_at, skipped_at) on appointment_reminders to wardline_app;

-- Visits that were booked before there were reminders.
insert into appointment_reminders (id, organization_id, appointment_id, channel, lead_minutes, due_at)
  select gen_random_uuid(), a.organization_id, a.id, c.channel, l.minutes, a.scheduled_at - make_interval(mins => l.minutes)
    from appointments a, (values ('IN_APP'), ('EMAIL')) c (channel), (values (1440), (120)) l (minutes)
    where a.status in ('SCHEDULED', 'CONFIRMED') and a.deleted_at is null
      and a.scheduled_at - make_interval(mins => l.minutes) > now();

-- Where there is somebody to remind. Definer: reminders belong to many organizations; each is then served in its own.
create function organizations_to_remind(p_now timestamptz) returns setof uuid
  language sql stable security definer set search_path = public
  as $$
    select distinct r.organization_id from appointment_reminders r
      where r.sent_at is null and r.skipped_at is null and r.due_at <= p_now
  $$;
revoke execute on function organizations_to_remind from public;
grant execute on function organizations_to_remind to wardline_app;

-- A patient, and whoever acts for one, sees with whom the visits are. Definer: a policy that read appointments itself
-- would drag their policies into every look at a provider.
create function app_visited_provider_ids() returns setof uuid
  language sql stable security definer rows 20 set search_path = public
  as $$ select distinct provider_id from appointments where patient_id in (select app_patient_ids()) $$;
revoke execute on function app_visited_provider_ids from public;
grant execute on function app_visited_provider_ids to wardline_app;
create policy person_visits on providers for select to wardline_app
  using ((select app_scope()) = 'person' and id in (select app_visited_provider_ids()));

-- What decides when a provider can be booked, in one round trip. A provider of two practices is busy in both, and
-- neither learns of the other's visits more than that. Definer for that reason: it answers times and nothing else. Days
-- are the organization's; a range that is too long answers no times.
create function provider_calendar(p_organization_id uuid, p_provider_id uuid, p_first date, p_last date,
  p_longest integer, p_now timestamptz)
  returns table (timezone text, settings jsonb, licensed boolean, first_day date, last_day date, busy jsonb)
  language plpgsql stable security definer set search_path = public
  as $$
begin
  if p_organization_id is distinct from app_organization_id() then
    raise exception 'provider_calendar outside its organization' using errcode = 'insufficient_privilege';
  end if;
  return query
    select o.timezone, o.settings, exists (select from jsonb_array_elements(r.state_licenses) l
        where (l ->> 'expiry')::date >= (p_now at time zone o.timezone)::date), d.first_day, d.last_day,
      (select coalesce(jsonb_agg(jsonb_build_array(extract(epoch from a.scheduled_at) * 1000,
            extract(epoch from a.ends_at) * 1000) order by a.scheduled_at), '[]')
          from appointments a
          where a.provider_id = r.id and a.status in ('SCHEDULED', 'CONFIRMED') and a.deleted_at is null
            and d.last_day - d.first_day between 0 and p_longest
            -- The longest visit is 8 hours: what began before that is over.
            and a.scheduled_at > (d.first_day::timestamp at time zone o.timezone) - interval '8 hours'
            and a.scheduled_at < (d.last_day + 1)::timestamp at time zone o.timezone)
      from organizations o
      join providers r on r.id = p_provider_id and r.deleted_at is null
      join users u on u.id = r.user_id and u.deleted_at is null
      join organization_memberships m on m.user_id = r.user_id and m.organization_id = o.id and m.deleted_at is null
      cross join lateral (select coalesce(p_first, (p_now at time zone o.timezone)::date) as first_day) f
      cross join lateral (select f.first_day, coalesce(p_last, f.first_day + 7) as last_day) d
      where o.id = p_organization_id and o.deleted_at is null;
end $$;
revoke execute on function provider_calendar from public;
grant execute on function provider_calendar to wardline_app;
