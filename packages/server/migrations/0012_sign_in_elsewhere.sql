-- Sign-ins at external OpenID Connect issuers, and what outlives its purpose: invitations, sessions, the keys of whoever
-- may make none any more.

-- Which sign-in elsewhere a session stands for. One that has ended is known by it and not opened a second time.
alter table user_sessions
  add column issuer text,
  add column sign_in_hash bytea,
  add column mfa_by_issuer boolean not null default false,
  add constraint user_sessions_external check ((issuer is null) = (sign_in_hash is null) and (issuer is not null or not mfa_by_issuer));
create unique index user_sessions_sign_in on user_sessions (sign_in_hash) where sign_in_hash is not null;

-- When all of the person's sessions were last ended at once: a sign-in elsewhere from before then opens none.
alter table users add column sessions_ended_at timestamptz(3);
drop trigger users_changes on users;
create trigger users_changes after update on users for each row execute function capture_changes('password_hash', 'mfa_secret',
  'mfa_last_step', 'failed_login_attempts', 'last_login_at', 'preferences_updated_at', 'sessions_ended_at');

-- A key may do nothing that its maker could not hand out today. Answers nothing, besides, for a revoked key or a deleted
-- organization.
create or replace function load_api_key(p_prefix text, p_hash bytea) returns jsonb
  language sql stable security definer set search_path = public
  as $$
    select jsonb_build_object('id', k.id, 'organization_id', k.organization_id, 'role', k.role, 'scopes', k.scopes,
        'suspended', o.suspended_at is not null, 'last_used_at', k.last_used_at, 'expires_at', k.expires_at)
      from api_keys k
      join organizations o on o.id = k.organization_id and o.deleted_at is null
      join users u on u.id = k.created_by and u.deleted_at is null and u.suspended_at is null
      where k.prefix = p_prefix and k.secret_hash = p_hash and k.revoked_at is null
        and exists (select from organization_memberships m
          where m.organization_id = k.organization_id and m.user_id = u.id and m.role = 'ADMIN' and m.deleted_at is null)
  $$;

-- Writes down that invitations ran out, some at a time; answers how many. Definer: they are inside many tenants' walls.
create index invitations_running on invitations (expires_at) where status = 'PENDING';
create function expire_invitations(p_now timestamptz, p_limit integer) returns bigint
  language sql security definer set search_path = public
  as $$
    with due as (
      select id from invitations where status = 'PENDING' and expires_at <= p_now
        order by expires_at limit p_limit for update skip locked
    ), expired as (
      update invitations i set status = 'EXPIRED' from due where i.id = due.id returning i.id
    )
    select count(*) from expired
  $$;
revoke execute on function expire_invitations from public;
grant execute on function expire_invitations to wardline_app;

-- Deletes sessions 90 days after they were revoked or were over (idleness ends one at most one such span earlier).
create index user_sessions_expiry on user_sessions (least(revoked_at, expires_at));
create function purge_sessions(p_now timestamptz, p_limit integer) returns bigint
  language plpgsql security definer set search_path = public
  as $$
declare
  gone bigint;
begin
  with ended as (
    select id from user_sessions where least(revoked_at, expires_at) < p_now - interval '90 days'
      order by least(revoked_at, expires_at) limit p_limit
  ), tickets as (
    delete from stream_tickets t using ended where t.session_id = ended.id
  )
  delete from user_sessions s using ended where s.id = ended.id;
  get diagnostics gone = row_count;
  return gone;
end $$;
revoke execute on function purge_sessions from public;
grant execute on function purge_sessions to wardline_app;
