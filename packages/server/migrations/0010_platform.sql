-- Notifications that are read, documents that are published, and the platform's own administration.

-- The unread ones in the order of the list, so that a page of them needs no sort.
drop index notifications_unread;
create index notifications_unread on notifications (user_id, created_at desc, id desc) where not is_read and deleted_at is null;

create index consents_user on consents (user_id, agreed_at desc, id desc);
-- Set while a published version waits for its effective date: then everyone must be told.
alter table consent_documents add column announce_at timestamptz(3);
create index consent_documents_announce on consent_documents (announce_at) where announce_at is not null;
grant update (announce_at) on consent_documents to wardline_app;

-- The platform's lists: each index gives its order, or finds what is searched.
create index users_created on users (created_at desc, id desc) where deleted_at is null;
create index users_search on users using gin (search_form(display_name || ' ' || email::text) gin_trgm_ops) where deleted_at is null;
create index users_super_admins on users (id) where is_super_admin and deleted_at is null;
create index organizations_name on organizations (name, id) where deleted_at is null;
create index organizations_search on organizations using gin (search_form(name) gin_trgm_ops) where deleted_at is null;

-- Suspension is the platform's alone, whatever a query says. Answers whether it changed anything:
-- of two at once, one does.
create function set_organization_suspension(p_id uuid, p_at timestamptz, p_reason text) returns boolean
  language plpgsql security definer set search_path = public
  as $$
begin
  if app_scope() <> 'platform' then
    raise exception 'only the platform suspends organizations' using errcode = 'insufficient_privilege';
  end if;
  update organizations set suspended_at = p_at, suspended_reason = p_reason
    where id = p_id and deleted_at is null and (suspended_at is null) = (p_at is not null);
  return found;
end $$;
revoke execute on function set_organization_suspension from public;
grant execute on function set_organization_suspension to wardline_app;

-- Whoever has a stream open in the organization loses it at once. Definer: memberships are inside its wall.
create function announce_organization_suspension() returns trigger
  language plpgsql security definer set search_path = public
  as $$
begin
  perform pg_notify('wardline_access', m.user_id::text)
    from organization_memberships m where m.organization_id = new.id and m.deleted_at is null;
  return null;
end $$;
create trigger organizations_suspension after update of suspended_at on organizations
  for each row when (new.suspended_at is not null and old.suspended_at is null)
  execute function announce_organization_suspension();

-- As before, but a deleted organization is gone for its patients and for whoever impersonates there, too, and those
-- of a patient's that are suspended are named: the gate refuses there.
create or replace function load_session(p_session_id uuid, p_now timestamptz) returns jsonb
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
            true as can_schedule_appointments, null::timestamptz as expires_at, e.organizations, e.suspended
          from patients p
          cross join lateral (select coalesce(jsonb_agg(op.organization_id), '[]') as organizations,
              coalesce(jsonb_agg(op.organization_id) filter (where o.suspended_at is not null), '[]') as suspended
            from organization_patients op join organizations o on o.id = op.organization_id
            where op.patient_id = p.id and op.deleted_at is null and o.deleted_at is null) e
          where p.user_id = u.id and p.deleted_at is null
        union all
        select a.patient_id, false, a.can_view_clinical_notes, a.can_view_billing,
            a.can_schedule_appointments, a.expires_at, e.organizations, e.suspended
          from proxies x
          join patient_proxy_assignments a on a.proxy_id = x.id and a.deleted_at is null
          join patients p on p.id = a.patient_id and p.deleted_at is null
          cross join lateral (select coalesce(jsonb_agg(op.organization_id), '[]') as organizations,
              coalesce(jsonb_agg(op.organization_id) filter (where o.suspended_at is not null), '[]') as suspended
            from organization_patients op join organizations o on o.id = op.organization_id
            where op.patient_id = p.id and op.deleted_at is null and o.deleted_at is null) e
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
          'admin_live', a.deleted_at is null and a.suspended_at is null
            and exists (select from organizations o where o.id = i.organization_id and o.deleted_at is null)
            and (a.is_super_admin or exists (
            select from organization_memberships m where m.user_id = a.id and m.deleted_at is null
              and m.organization_id = i.organization_id and m.role = 'ADMIN')))
        from impersonations i join users a on a.id = i.admin_user_id where i.id = s.impersonation_id)
  ) into answer
  from user_sessions s join users u on u.id = s.user_id
  where s.id = p_session_id;
  return answer;
end $$;
