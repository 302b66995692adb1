-- Subscriptions, as Stripe has them, and what an unpaid one closes.

-- Until when health information may be written; null: no end is in sight. Set when nothing paid stands any more, kept until
-- something paid stands again: neither a second failed payment nor a new subscription that is never paid moves it.
alter table organizations
  add column writes_until timestamptz(3),
  -- What of its end the ADMINs were told.
  add column lapse_told text check (lapse_told in ('SOON', 'ENDED'));
drop trigger organizations_changes on organizations;
create trigger organizations_changes after update on organizations for each row
  execute function capture_changes('member_count', 'patient_count', 'stripe_customer_id', 'lapse_told');

-- What came in from outside, each once: the row and what it sets going are one transaction.
create table webhook_receipts (
  provider text not null check (provider in ('stripe')),
  external_id text not null check (length(external_id) between 1 and 255),
  event_type text not null check (length(event_type) between 1 and 200),
  -- IGNORED: nothing that concerns us; UNKNOWN_CUSTOMER: nobody's.
  outcome text not null check (outcome in ('APPLIED', 'IGNORED', 'UNKNOWN_CUSTOMER')),
  received_at timestamptz(3) not null,
  primary key (provider, external_id)
);
create index webhook_receipts_received on webhook_receipts (received_at);
grant select, insert on webhook_receipts to wardline_app;

-- Stripe retries for 3 days and sends by hand what is up to 30 days old; after 60 nothing comes again. Definer: the
-- application deletes no receipt.
create function purge_webhook_receipts(p_now timestamptz, p_limit integer) returns bigint
  language sql security definer set search_path = public
  as $$
    with gone as (
      delete from webhook_receipts where (provider, external_id) in (
        select provider, external_id from webhook_receipts where received_at < p_now - interval '60 days'
          order by received_at limit p_limit)
      returning 1)
    select count(*) from gone
  $$;
revoke execute on function purge_webhook_receipts from public;
grant execute on function purge_webhook_receipts to wardline_app;

-- Whose customer it is. Definer: Stripe knows no tenant.
create function billing_account(p_customer text) returns table (kind text, id uuid, deleted boolean)
  language sql stable security definer set search_path = public
  as $$
    select 'ORGANIZATION', o.id, o.deleted_at is not null from organizations o where o.stripe_customer_id = p_customer
    union all
    select 'PATIENT', p.id, p.deleted_at is not null from patients p where p.stripe_customer_id = p_customer
  $$;
revoke execute on function billing_account from public;
grant execute on function billing_account to wardline_app;

-- Notes who the organization is at Stripe: in its own scope only, and only in place of what was there. Answers who it is now:
-- of two at once the first one's stays.
create function set_organization_customer(p_id uuid, p_old text, p_new text) returns text
  language plpgsql security definer set search_path = public
  as $$
declare
  answer text;
begin
  if app_organization_id() is distinct from p_id then
    raise exception 'only in the organization''s own scope' using errcode = 'insufficient_privilege';
  end if;
  update organizations o set stripe_customer_id = p_new
    where o.id = p_id and o.stripe_customer_id is not distinct from p_old;
  select o.stripe_customer_id into answer from organizations o where o.id = p_id;
  return answer;
end $$;
revoke execute on function set_organization_customer from public;
grant execute on function set_organization_customer to wardline_app;

create function set_patient_customer(p_id uuid, p_old text, p_new text) returns text
  language plpgsql security definer set search_path = public
  as $$
declare
  answer text;
begin
  if not exists (select from organization_patients op
      where op.organization_id = app_organization_id() and op.patient_id = p_id and op.deleted_at is null) then
    raise exception 'only where the patient is in care' using errcode = 'insufficient_privilege';
  end if;
  -- The record itself is not changed: its version stays.
  update patients p set stripe_customer_id = p_new
    where p.id = p_id and p.stripe_customer_id is not distinct from p_old;
  select p.stripe_customer_id into answer from patients p where p.id = p_id;
  return answer;
end $$;
revoke execute on function set_patient_customer from public;
grant execute on function set_patient_customer to wardline_app;

-- Writes down how an organization's subscription stands; answers what was and what is. Definer: the application changes no
-- subscription otherwise. Seven days are 168 hours, whatever the clocks do meanwhile.
create function set_organization_subscription(p_id uuid, p_customer text, p_status text, p_gone boolean, p_now timestamptz)
  returns table (old_status text, new_status text, old_until timestamptz, new_until timestamptz)
  language plpgsql security definer set search_path = public
  as $$
declare
  held organizations%rowtype;
  until timestamptz;
begin
  select * into held from organizations o
    where o.id = p_id and o.stripe_customer_id = p_customer and o.deleted_at is null for no key update;
  if not found then
    return;
  end if;
  -- A customer that is gone ends what there was, and where nothing was paid yet it ends nothing.
  if p_gone and held.subscription_status = 'INCOMPLETE' and held.writes_until is null then
    return;
  end if;
  until := case
    when p_status in ('ACTIVE', 'TRIALING') then null
    when p_status in ('PAST_DUE', 'CANCELED') then coalesce(held.writes_until, p_now + interval '168 hours')
    else held.writes_until end;
  if held.subscription_status <> p_status or held.writes_until is distinct from until then
    update organizations o set subscription_status = p_status, writes_until = until,
        lapse_told = case when until is null then null else held.lapse_told end
      where o.id = p_id;
  end if;
  return query select held.subscription_status, p_status, held.writes_until, until;
end $$;
revoke execute on function set_organization_subscription from public;
grant execute on function set_organization_subscription to wardline_app;

create function set_patient_subscription(p_id uuid, p_customer text, p_status text, p_gone boolean)
  returns table (old_status text, new_status text, user_id uuid)
  language plpgsql security definer set search_path = public
  as $$
declare
  held patients%rowtype;
begin
  select * into held from patients p
    where p.id = p_id and p.stripe_customer_id = p_customer and p.deleted_at is null for no key update;
  if not found or (p_gone and coalesce(held.subscription_status, 'INCOMPLETE') = 'INCOMPLETE') then
    return;
  end if;
  if held.subscription_status is distinct from p_status then
    update patients p set subscription_status = p_status where p.id = p_id;
  end if;
  return query select held.subscription_status, p_status, held.user_id;
end $$;
revoke execute on function set_patient_subscription from public;
grant execute on function set_patient_subscription to wardline_app;

-- Says what an organization's ADMINs are to be told now: that writing ends within two days, or has ended; each once, whichever
-- of many servers looks first. Definer: the application changes no subscription otherwise.
create function claim_lapse_notice(p_id uuid, p_now timestamptz)
  returns table (stage text, writes_until timestamptz, stripe_customer_id text)
  language sql security definer set search_path = public
  as $$
    update organizations o set lapse_told = case when o.writes_until <= p_now then 'ENDED' else 'SOON' end
      where o.id = p_id and o.deleted_at is null and o.writes_until <= p_now + interval '48 hours'
        and (o.lapse_told is null or (o.lapse_told = 'SOON' and o.writes_until <= p_now))
      returning o.lapse_told, o.writes_until, o.stripe_customer_id
  $$;
revoke execute on function claim_lapse_notice from public;
grant execute on function claim_lapse_notice to wardline_app;

-- As before, and whether writing has ended there: the gate asks nothing more of the database.
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
          'suspended', o.suspended_at is not null, 'lapsed', coalesce(o.writes_until <= p_now, false))
          order by m.organization_id), '[]')
        from organization_memberships m join organizations o on o.id = m.organization_id
        where m.user_id = u.id and m.deleted_at is null and o.deleted_at is null),
    'patients', (
      select coalesce(jsonb_agg(to_jsonb(r)), '[]') from (
        select p.id as patient_id, true as self, true as can_view_clinical_notes, true as can_view_billing,
            true as can_schedule_appointments, null::timestamptz as expires_at, e.organizations, e.suspended, e.lapsed
          from patients p
          cross join lateral (select coalesce(jsonb_agg(op.organization_id), '[]') as organizations,
              coalesce(jsonb_agg(op.organization_id) filter (where o.suspended_at is not null), '[]') as suspended,
              coalesce(jsonb_agg(op.organization_id) filter (where o.writes_until <= p_now), '[]') as lapsed
            from organization_patients op join organizations o on o.id = op.organization_id
            where op.patient_id = p.id and op.deleted_at is null and o.deleted_at is null) e
          where p.user_id = u.id and p.deleted_at is null
        union all
        select a.patient_id, false, a.can_view_clinical_notes, a.can_view_billing,
            a.can_schedule_appointments, a.expires_at, e.organizations, e.suspended, e.lapsed
          from proxies x
          join patient_proxy_assignments a on a.proxy_id = x.id and a.deleted_at is null
          join patients p on p.id = a.patient_id and p.deleted_at is null
          cross join lateral (select coalesce(jsonb_agg(op.organization_id), '[]') as organizations,
              coalesce(jsonb_agg(op.organization_id) filter (where o.suspended_at is not null), '[]') as suspended,
              coalesce(jsonb_agg(op.organization_id) filter (where o.writes_until <= p_now), '[]') as lapsed
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

create or replace function load_api_key(p_prefix text, p_hash bytea) returns jsonb
  language sql stable security definer set search_path = public
  as $$
    select jsonb_build_object('id', k.id, 'organization_id', k.organization_id, 'role', k.role, 'scopes', k.scopes,
        'suspended', o.suspended_at is not null, 'writes_until', o.writes_until, 'last_used_at', k.last_used_at, 'expires_at', k.expires_at)
      from api_keys k
      join organizations o on o.id = k.organization_id and o.deleted_at is null
      join users u on u.id = k.created_by and u.deleted_at is null and u.suspended_at is null
      where k.prefix = p_prefix and k.secret_hash = p_hash and k.revoked_at is null
        and exists (select from organization_memberships m
          where m.organization_id = k.organization_id and m.user_id = u.id and m.role = 'ADMIN' and m.deleted_at is null)
  $$;
