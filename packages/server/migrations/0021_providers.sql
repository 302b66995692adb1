-- Providers and staff: versions, and licences that expire.

alter table providers add column version integer not null default 1 check (version > 0);
alter table providers add constraint providers_licenses check (jsonb_typeof(state_licenses) = 'array');

-- The trail says that the DEA number changed, not what it was: its readers need not know it.
create function capture_dea_change() returns trigger
  language plpgsql
  as $$
begin
  perform set_config('app.changes', (coalesce(nullif(current_setting('app.changes', true), ''), '{}')::jsonb
    || jsonb_build_object('dea_number', jsonb_build_object(
      'old', case when old.dea_number is not null then '***' end,
      'new', case when new.dea_number is not null then '***' end)))::text, true);
  return null;
end $$;
drop trigger providers_changes on providers;
create trigger providers_changes after update on providers for each row execute function capture_changes('dea_number');
create trigger providers_dea after update of dea_number on providers for each row
  when (old.dea_number is distinct from new.dea_number) execute function capture_dea_change();

-- Whether somebody works in another organization than the one in scope. Definer: memberships there are its own affair;
-- a profile that serves it may not be taken away from here.
create function works_elsewhere(p_user_id uuid) returns boolean
  language sql stable security definer set search_path = public
  as $$
    select exists (select from organization_memberships m join organizations o on o.id = m.organization_id
      where m.user_id = p_user_id and m.deleted_at is null and o.deleted_at is null
        and m.organization_id is distinct from app_organization_id())
  $$;
revoke execute on function works_elsewhere from public;
grant execute on function works_elsewhere to wardline_app;

-- What was told of a licence, so that it is told once, however many servers look.
create table license_reminders (
  organization_id uuid not null references organizations,
  provider_id uuid not null references providers,
  state text not null,
  license_number text not null,
  expiry date not null,
  days_before integer not null check (days_before = 60 or days_before = 30 or days_before = 7),
  sent_at timestamptz(3) not null,
  primary key (organization_id, provider_id, state, license_number, expiry, days_before)
);
create index license_reminders_provider on license_reminders (provider_id);
alter table license_reminders enable row level security, force row level security;
create policy owner on license_reminders to current_user using (true);

-- Licences of members that have come within 60, 30 or 7 days of their end, each stage once an organization; whichever
-- server asks first gets it. One that is first seen late is told of once, not for the stages that it missed.
-- `is_first`: the provider was not yet told by another organization. Definer: they belong to many.
create function claim_license_reminders(p_now timestamptz)
  returns table (organization_id uuid, provider_id uuid, user_id uuid, state text, expiry date, days_left integer,
    is_first boolean, admin_ids uuid[])
  language sql security definer set search_path = public
  as $$
    with due as (
      select o.id as organization_id, r.id as provider_id, r.user_id, l ->> 'state' as state,
          l ->> 'license_number' as license_number, (l ->> 'expiry')::date as expiry,
          (l ->> 'expiry')::date - (p_now at time zone o.timezone)::date as days_left
        from providers r
        join users u on u.id = r.user_id and u.deleted_at is null
        join organization_memberships m on m.user_id = r.user_id and m.deleted_at is null
        join organizations o on o.id = m.organization_id and o.deleted_at is null
        cross join lateral jsonb_array_elements(r.state_licenses) l
        where r.deleted_at is null
    ), claimed as (
      insert into license_reminders as c
          (organization_id, provider_id, state, license_number, expiry, days_before, sent_at)
        select d.organization_id, d.provider_id, d.state, d.license_number, d.expiry,
            case when d.days_left <= 7 then 7 when d.days_left <= 30 then 30 else 60 end, p_now
          from due d where d.days_left between 0 and 60
        on conflict do nothing
        returning c.organization_id, c.provider_id, c.state, c.license_number, c.expiry, c.days_before
    )
    select c.organization_id, c.provider_id, d.user_id, c.state, c.expiry, d.days_left,
        row_number() over (partition by c.provider_id, c.state, c.license_number, c.expiry, c.days_before
          order by c.organization_id) = 1
          -- As it was before this statement.
          and not exists (select from license_reminders b where b.provider_id = c.provider_id and b.state = c.state
            and b.license_number = c.license_number and b.expiry = c.expiry and b.days_before = c.days_before),
        array(select m.user_id from organization_memberships m join users u on u.id = m.user_id
          where m.organization_id = c.organization_id and m.role = 'ADMIN' and m.deleted_at is null
            and u.deleted_at is null and m.user_id <> d.user_id order by m.user_id)
      from claimed c
      join due d on d.organization_id = c.organization_id and d.provider_id = c.provider_id and d.state = c.state
        and d.license_number = c.license_number and d.expiry = c.expiry
  $$;
revoke execute on function claim_license_reminders from public;
grant execute on function claim_license_reminders to wardline_app;
