-- People, their sessions and second factors, organizations and memberships, consent.

create table users (
  id uuid primary key,
  email citext not null check (length(email) between 3 and 254),
  password_hash text,
  display_name text not null check (length(display_name) between 1 and 200),
  timezone text not null default 'America/New_York',
  is_super_admin boolean not null default false,
  is_support_agent boolean not null default false,
  mfa_enabled boolean not null default false,
  mfa_secret text,
  mfa_last_step bigint,
  transactional_consent boolean not null default true,
  marketing_consent boolean not null default false,
  requires_consent boolean not null default true,
  last_login_at timestamptz(3),
  failed_login_attempts integer not null default 0 check (failed_login_attempts >= 0),
  locked_until timestamptz(3),
  suspended_at timestamptz(3),
  suspended_reason text,
  must_reset_password boolean not null default false,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  check (not mfa_enabled or mfa_secret is not null)
);
create unique index users_email_key on users (email) where deleted_at is null;
create trigger users_updated_at before update on users for each row execute function set_updated_at();
create trigger users_changes after update on users for each row
  execute function capture_changes('password_hash', 'mfa_secret', 'mfa_last_step', 'failed_login_attempts', 'last_login_at');
grant select, insert, update on users to wardline_app;

create table organizations (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  tax_id text,
  timezone text not null default 'America/New_York',
  settings jsonb not null default '{}',
  stripe_customer_id text,
  subscription_status text not null default 'INCOMPLETE'
    check (subscription_status in ('ACTIVE', 'PAST_DUE', 'CANCELED', 'INCOMPLETE', 'TRIALING')),
  suspended_at timestamptz(3),
  suspended_reason text,
  member_count integer not null default 0 check (member_count >= 0),
  patient_count integer not null default 0 check (patient_count >= 0),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create trigger organizations_updated_at before update on organizations for each row execute function set_updated_at();
create trigger organizations_changes after update on organizations for each row
  execute function capture_changes('member_count', 'patient_count', 'stripe_customer_id');
grant select on organizations to wardline_app;
grant update (name, tax_id, timezone, settings, deleted_at) on organizations to wardline_app;

create table organization_memberships (
  id uuid primary key,
  organization_id uuid not null references organizations,
  user_id uuid not null references users,
  role text not null check (role in ('ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR')),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create unique index organization_memberships_live on organization_memberships (organization_id, user_id) where deleted_at is null;
create index organization_memberships_user on organization_memberships (user_id);
create index organization_memberships_role on organization_memberships (organization_id, role);
create trigger organization_memberships_updated_at before update on organization_memberships
  for each row execute function set_updated_at();
create trigger organization_memberships_changes after update on organization_memberships
  for each row execute function capture_changes();
alter table organization_memberships enable row level security, force row level security;
create policy owner on organization_memberships to current_user using (true);
create policy tenant on organization_memberships to wardline_app
  using (organization_id = (select app_organization_id()));
create policy person on organization_memberships for select to wardline_app
  using ((select app_scope()) = 'person' and user_id = (select app_user_id()));
create policy platform on organization_memberships for select to wardline_app
  using ((select app_scope()) = 'platform');
grant select, insert, update on organization_memberships to wardline_app;

create function count_members() returns trigger
  language plpgsql security definer set search_path = public
  as $$
declare
  was integer := case when tg_op <> 'INSERT' and old.deleted_at is null then 1 else 0 end;
  is_now integer := case when tg_op <> 'DELETE' and new.deleted_at is null then 1 else 0 end;
begin
  if was <> is_now then
    update organizations set member_count = member_count + is_now - was
      where id = coalesce(new.organization_id, old.organization_id);
  end if;
  return null;
end $$;
create trigger organization_memberships_count after insert or update or delete on organization_memberships
  for each row execute function count_members();

-- Membership rows are inside the tenant's wall, and a new organization has no member yet to open it:
-- this reviewed function makes both, and only for the person whom the transaction is scoped to.
create function create_organization(p_id uuid, p_membership_id uuid, p_name text, p_tax_id text, p_timezone text, p_settings jsonb)
  returns void
  language plpgsql security definer set search_path = public
  as $$
begin
  if app_user_id() is null then
    raise exception 'create_organization needs a person in scope' using errcode = 'insufficient_privilege';
  end if;
  insert into organizations (id, name, tax_id, timezone, settings)
    values (p_id, p_name, p_tax_id, p_timezone, p_settings);
  insert into organization_memberships (id, organization_id, user_id, role)
    values (p_membership_id, p_id, app_user_id(), 'ADMIN');
end $$;
revoke execute on function create_organization from public;
grant execute on function create_organization to wardline_app;

create table user_sessions (
  id uuid primary key,
  user_id uuid not null references users,
  refresh_token_hash bytea,
  -- Recognizes every refresh token that the session ever had. The previous token's hash alone would miss
  -- a thief who refreshed twice before the owner came back.
  refresh_family_hash bytea,
  device text,
  user_agent text,
  ip_address inet,
  idle_seconds integer not null check (idle_seconds > 0),
  last_active_at timestamptz(3) not null,
  mfa_verified_at timestamptz(3),
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  revoked_reason text,
  impersonation_id uuid,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create unique index user_sessions_refresh on user_sessions (refresh_token_hash) where refresh_token_hash is not null;
create unique index user_sessions_refresh_family on user_sessions (refresh_family_hash) where refresh_family_hash is not null;
create index user_sessions_user on user_sessions (user_id) where revoked_at is null;
create index user_sessions_impersonation on user_sessions (impersonation_id) where impersonation_id is not null;
create trigger user_sessions_updated_at before update on user_sessions for each row execute function set_updated_at();
grant select, insert, update on user_sessions to wardline_app;

create table user_mfa_backup_codes (
  user_id uuid not null references users,
  code_hash bytea not null,
  used_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  primary key (user_id, code_hash)
);
grant select, insert, update, delete on user_mfa_backup_codes to wardline_app;

-- A second factor that was shown but not yet proven.
create table mfa_enrollments (
  user_id uuid primary key references users,
  secret text not null,
  backup_code_hashes bytea[] not null,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now()
);
grant select, insert, update, delete on mfa_enrollments to wardline_app;

-- A sign-in whose password was right and whose second factor is awaited.
create table mfa_challenges (
  id uuid primary key,
  user_id uuid not null references users,
  token_hash bytea not null unique,
  attempts integer not null default 0 check (attempts >= 0),
  device text,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create index mfa_challenges_user on mfa_challenges (user_id);
grant select, insert, update on mfa_challenges to wardline_app;

-- Sign-in happens before anybody is in scope, yet a session's limits depend on the person's roles.
create function holds_role(p_user_id uuid) returns boolean
  language sql stable security definer set search_path = public
  as $$
    select exists (select from users where id = p_user_id and (is_super_admin or is_support_agent))
      or exists (select from organization_memberships m join organizations o on o.id = m.organization_id
        where m.user_id = p_user_id and m.deleted_at is null and o.deleted_at is null)
  $$;
revoke execute on function holds_role from public;
grant execute on function holds_role to wardline_app;

create table stream_tickets (
  id uuid primary key,
  token_hash bytea not null unique,
  session_id uuid not null references user_sessions,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create index stream_tickets_session on stream_tickets (session_id);
grant select, insert, update on stream_tickets to wardline_app;

create table consent_documents (
  id uuid primary key,
  type text not null check (type in ('HIPAA_NOTICE', 'TERMS_OF_SERVICE', 'TREATMENT_AGREEMENT')),
  version text not null check (length(version) between 1 and 20),
  title text not null check (length(title) between 1 and 200),
  content text not null,
  effective_date timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  unique (type, version)
);
grant select, insert on consent_documents to wardline_app;

create table consents (
  id uuid primary key,
  user_id uuid not null references users,
  patient_id uuid,
  document_id uuid not null references consent_documents,
  agreed_at timestamptz(3) not null,
  ip_address inet,
  created_at timestamptz(3) not null default now(),
  unique (user_id, document_id)
);
create index consents_document on consents (document_id);
grant select, insert on consents to wardline_app;
