-- Invitations, API keys, and what holds an organization together: its last administrator, its end.

create table invitations (
  id uuid primary key,
  organization_id uuid not null references organizations,
  email citext not null check (length(email) between 3 and 254),
  role text not null check (role in ('ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR')),
  token_hash bytea not null unique,
  -- One that is PENDING and past its end counts as EXPIRED everywhere.
  status text not null default 'PENDING' check (status in ('PENDING', 'ACCEPTED', 'DECLINED', 'EXPIRED', 'CANCELLED')),
  inviter_user_id uuid not null references users,
  expires_at timestamptz(3) not null,
  accepted_at timestamptz(3),
  accepted_by uuid references users,
  -- Whether it was accepted by the address that it was sent to. Nobody is turned away; the audit row says it.
  email_matches boolean,
  resend_count integer not null default 0 check (resend_count between 0 and 5),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check ((status = 'ACCEPTED') = (accepted_at is not null and accepted_by is not null))
);
create unique index invitations_pending on invitations (organization_id, email) where status = 'PENDING';
create index invitations_organization on invitations (organization_id, id);
create index invitations_inviter on invitations (inviter_user_id);
create index invitations_accepted_by on invitations (accepted_by) where accepted_by is not null;
create trigger invitations_updated_at before update on invitations for each row execute function set_updated_at();
create trigger invitations_changes after update on invitations for each row execute function capture_changes('token_hash');
alter table invitations enable row level security, force row level security;
create policy owner on invitations to current_user using (true);
create policy tenant on invitations to wardline_app using (organization_id = (select app_organization_id()));
grant select, insert, update on invitations to wardline_app;

-- Whoever holds the token is outside the tenant's wall: these three go through it, for that one invitation.
create function find_invitation(p_token_hash bytea, p_now timestamptz)
  returns table (id uuid, organization_id uuid, organization_name text, organization_suspended boolean, email text,
    role text, inviter_name text, status text, expires_at timestamptz)
  language sql stable security definer set search_path = public
  as $$
    select i.id, i.organization_id, o.name, o.suspended_at is not null, i.email::text, i.role, u.display_name,
        case when i.status = 'PENDING' and i.expires_at <= p_now then 'EXPIRED' else i.status end, i.expires_at
      from invitations i
      join organizations o on o.id = i.organization_id and o.deleted_at is null
      join users u on u.id = i.inviter_user_id
      where i.token_hash = p_token_hash
  $$;
revoke execute on function find_invitation from public;
grant execute on function find_invitation to wardline_app;

-- Makes the person in scope a member. False when somebody answered meanwhile, null when the person is one already.
create function accept_invitation(p_token_hash bytea, p_membership_id uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public
  as $$
declare
  invitation invitations;
begin
  if app_user_id() is null or app_scope() <> 'person' then
    raise exception 'accept_invitation needs a person in scope' using errcode = 'insufficient_privilege';
  end if;
  -- Two acceptances at once: the second waits here, and finds it answered.
  select * into invitation from invitations where token_hash = p_token_hash for update;
  if invitation.id is null or invitation.status <> 'PENDING' or invitation.expires_at <= p_now then
    return false;
  end if;
  insert into organization_memberships (id, organization_id, user_id, role)
    values (p_membership_id, invitation.organization_id, app_user_id(), invitation.role)
    on conflict (organization_id, user_id) where deleted_at is null do nothing;
  if not found then
    return null;
  end if;
  update invitations set status = 'ACCEPTED', accepted_at = p_now, accepted_by = app_user_id(),
      email_matches = (select u.email = invitations.email from users u where u.id = app_user_id())
    where id = invitation.id;
  return true;
end $$;
revoke execute on function accept_invitation from public;
grant execute on function accept_invitation to wardline_app;

-- False when somebody answered meanwhile.
create function decline_invitation(p_token_hash bytea, p_now timestamptz) returns boolean
  language sql security definer set search_path = public
  as $$
    with declined as (
      update invitations set status = 'DECLINED'
        where token_hash = p_token_hash and status = 'PENDING' and expires_at > p_now returning id
    )
    select exists (select from declined)
  $$;
revoke execute on function decline_invitation from public;
grant execute on function decline_invitation to wardline_app;

create table api_keys (
  id uuid primary key,
  organization_id uuid not null references organizations,
  name text not null check (length(name) between 1 and 100),
  prefix text not null unique check (prefix ~ '^wlk_[a-z0-9]{12}$'),
  -- Of the whole key, which has 256 random bits: one plain hash keeps it.
  secret_hash bytea not null,
  role text not null check (role in ('ADMIN', 'PROVIDER', 'STAFF', 'CALL_CENTER_AGENT', 'AUDITOR')),
  scopes text[] not null check (cardinality(scopes) between 1 and 2 and scopes <@ array['read', 'write']),
  created_by uuid not null references users,
  last_used_at timestamptz(3),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  revoked_by uuid references users,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index api_keys_organization on api_keys (organization_id, id);
create index api_keys_created_by on api_keys (created_by);
create index api_keys_revoked_by on api_keys (revoked_by) where revoked_by is not null;
create trigger api_keys_updated_at before update on api_keys for each row execute function set_updated_at();
create trigger api_keys_changes after update on api_keys
  for each row execute function capture_changes('secret_hash', 'last_used_at');
alter table api_keys enable row level security, force row level security;
create policy owner on api_keys to current_user using (true);
create policy tenant on api_keys to wardline_app using (organization_id = (select app_organization_id()));
grant select, insert on api_keys to wardline_app;
grant update (revoked_at, revoked_by) on api_keys to wardline_app;

-- Who calls, before anybody is in scope. Answers nothing for a revoked key or a deleted organization.
create function load_api_key(p_prefix text, p_hash bytea) returns jsonb
  language sql stable security definer set search_path = public
  as $$
    select jsonb_build_object('id', k.id, 'organization_id', k.organization_id, 'role', k.role, 'scopes', k.scopes,
        'suspended', o.suspended_at is not null, 'last_used_at', k.last_used_at, 'expires_at', k.expires_at)
      from api_keys k join organizations o on o.id = k.organization_id and o.deleted_at is null
      where k.prefix = p_prefix and k.secret_hash = p_hash and k.revoked_at is null
  $$;
revoke execute on function load_api_key from public;
grant execute on function load_api_key to wardline_app;

create function touch_api_key(p_id uuid, p_now timestamptz) returns void
  language sql security definer set search_path = public
  as $$
    update api_keys set last_used_at = p_now where id = p_id and (last_used_at is null or last_used_at < p_now)
  $$;
revoke execute on function touch_api_key from public;
grant execute on function touch_api_key to wardline_app;

create index organization_memberships_list on organization_memberships (organization_id, id) where deleted_at is null;

-- Whatever way an ADMIN goes, a usable one stays. The organization's row is the lock: of two that go at once, the
-- second waits and finds itself the last. Database administrators (no scope) are trusted to know.
create function keep_last_admin() returns trigger
  language plpgsql security definer set search_path = public
  as $$
begin
  if app_scope() = 'none' then
    return new;
  end if;
  perform from organizations where id = old.organization_id for no key update;
  if exists (select from organizations where id = old.organization_id and deleted_at is null)
    and not exists (
      select from organization_memberships m join users u on u.id = m.user_id
        where m.organization_id = old.organization_id and m.id <> old.id and m.role = 'ADMIN'
          and m.deleted_at is null and u.deleted_at is null and u.suspended_at is null)
  then
    raise exception 'the last ADMIN of an organization stays'
      using errcode = 'check_violation', constraint = 'organization_memberships_last_admin';
  end if;
  return new;
end $$;
create trigger organization_memberships_last_admin before update of role, deleted_at on organization_memberships
  for each row when (old.role = 'ADMIN' and old.deleted_at is null
    and (new.role <> 'ADMIN' or new.deleted_at is not null))
  execute function keep_last_admin();

-- An organization's end is a change of access for each of its members.
create function announce_organization_end() returns trigger
  language plpgsql security definer set search_path = public
  as $$
begin
  perform pg_notify('wardline_access', m.user_id::text)
    from organization_memberships m where m.organization_id = new.id and m.deleted_at is null;
  return null;
end $$;
create trigger organizations_end after update of deleted_at on organizations
  for each row when (new.deleted_at is not null and old.deleted_at is null) execute function announce_organization_end();
