-- Password resets, devices for push messages, communication preferences, leaving.

create table password_reset_tokens (
  id uuid primary key,
  user_id uuid not null references users,
  token_hash bytea not null unique,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create index password_reset_tokens_user on password_reset_tokens (user_id);
grant select, insert, update, delete on password_reset_tokens to wardline_app;

create table user_devices (
  id uuid primary key,
  user_id uuid not null references users,
  fcm_token text not null check (length(fcm_token) between 1 and 4096),
  platform text not null check (platform in ('ios', 'android', 'web')),
  last_active_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (user_id, fcm_token)
);
create index user_devices_token on user_devices (fcm_token);
create trigger user_devices_updated_at before update on user_devices for each row execute function set_updated_at();
grant select, insert, update, delete on user_devices to wardline_app;

-- When the person last stated them; null until then.
alter table users add column preferences_updated_at timestamptz(3);
drop trigger users_changes on users;
create trigger users_changes after update on users for each row execute function capture_changes(
  'password_hash', 'mfa_secret', 'mfa_last_step', 'failed_login_attempts', 'last_login_at', 'preferences_updated_at');

-- Who may no longer act as before may not go on acting as a patient either: impersonations that the person began
-- are over from now on, and upkeep tells of their end. Definer: they belong to many organizations.
create function cut_impersonations(p_user_id uuid, p_now timestamptz) returns void
  language sql security definer set search_path = public
  as $$
    with cut as (
      update impersonations set expires_at = p_now
        where admin_user_id = p_user_id and ended_at is null and expires_at > p_now returning id
    )
    update user_sessions s set revoked_at = p_now, revoked_reason = 'IMPERSONATION_ENDED'
      from cut where s.impersonation_id = cut.id and s.revoked_at is null
  $$;
revoke execute on function cut_impersonations from public;
grant execute on function cut_impersonations to wardline_app;

-- Ends the account of the person in scope: memberships, role profiles, access as a proxy, devices, second factor.
-- The care record stays with the practice and loses its sign-in. Definer: memberships are inside many tenants' walls.
create function close_account(p_now timestamptz)
  returns table (member_id uuid, organization_id uuid, role text)
  language plpgsql security definer set search_path = public
  as $$
declare
  person uuid := app_user_id();
  member organization_memberships;
begin
  if person is null or app_scope() <> 'person' then
    raise exception 'close_account needs a person in scope' using errcode = 'insufficient_privilege';
  end if;
  -- One after the other, and always in this order: two accounts that close at once wait for each other but once.
  for member in
    select * from organization_memberships m where m.user_id = person and m.deleted_at is null order by m.organization_id
  loop
    update organization_memberships m set deleted_at = p_now where m.id = member.id;
    member_id := member.id;
    organization_id := member.organization_id;
    role := member.role;
    return next;
  end loop;
  update patient_proxy_assignments a set deleted_at = p_now
    from proxies x where x.id = a.proxy_id and x.user_id = person and a.deleted_at is null;
  update proxies x set deleted_at = p_now where x.user_id = person and x.deleted_at is null;
  update providers p set deleted_at = p_now where p.user_id = person and p.deleted_at is null;
  update staff s set deleted_at = p_now where s.user_id = person and s.deleted_at is null;
  update patients p set user_id = null where p.user_id = person and p.deleted_at is null;
  delete from user_devices d where d.user_id = person;
  delete from user_mfa_backup_codes b where b.user_id = person;
  delete from mfa_enrollments e where e.user_id = person;
  update mfa_challenges c set used_at = p_now where c.user_id = person and c.used_at is null;
  update password_reset_tokens t set used_at = p_now where t.user_id = person and t.used_at is null;
  update users u set deleted_at = p_now, mfa_enabled = false, mfa_secret = null where u.id = person;
end $$;
revoke execute on function close_account from public;
grant execute on function close_account to wardline_app;
