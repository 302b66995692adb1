-- How patients and those who act for them get in: mailed links, and access that ends at once.

-- The token itself is never stored. PATIENT: the account becomes the patient's; PROXY: it may act for the patient.
create table portal_invitations (
  id uuid primary key,
  organization_id uuid not null references organizations,
  patient_id uuid not null references patients,
  purpose text not null check (purpose in ('PATIENT', 'PROXY')),
  email citext not null check (length(email) between 3 and 254),
  token_hash bytea not null unique,
  inviter_user_id uuid not null references users,
  expires_at timestamptz(3) not null,
  -- Wrong dates of birth. The fifth is the last.
  attempts integer not null default 0 check (attempts between 0 and 5),
  accepted_at timestamptz(3),
  accepted_by uuid references users,
  cancelled_at timestamptz(3),
  -- What a PROXY gets by accepting.
  relationship_type text check (relationship_type in ('PARENT', 'GUARDIAN', 'POA', 'SPOUSE')),
  can_view_clinical_notes boolean not null default false,
  can_view_billing boolean not null default true,
  can_schedule_appointments boolean not null default true,
  access_expires_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check ((accepted_at is null) = (accepted_by is null)),
  check ((purpose = 'PROXY') = (relationship_type is not null))
);
create index portal_invitations_patient on portal_invitations (patient_id, organization_id, id)
  where accepted_at is null and cancelled_at is null;
create index portal_invitations_organization on portal_invitations (organization_id);
create index portal_invitations_inviter on portal_invitations (inviter_user_id);
create index portal_invitations_accepted_by on portal_invitations (accepted_by) where accepted_by is not null;
create trigger portal_invitations_updated_at before update on portal_invitations
  for each row execute function set_updated_at();
create trigger portal_invitations_changes after update on portal_invitations
  for each row execute function capture_changes('token_hash', 'attempts');
alter table portal_invitations enable row level security, force row level security;
create policy owner on portal_invitations to current_user using (true);
create policy tenant on portal_invitations to wardline_app using (organization_id = (select app_organization_id()));
grant select, insert, update on portal_invitations to wardline_app;

-- Whoever holds a token and knows the date of birth is outside the tenant's wall: this goes through it, for the person in
-- scope and that one patient. UNKNOWN covers all that a guesser may not tell apart. TAKEN: the patient has a sign-in, or
-- the proxy access; OTHER: the account is another patient's.
create function accept_portal_invitation(p_token_hash bytea, p_dob date, p_proxy_id uuid, p_assignment_id uuid,
    p_now timestamptz)
  returns table (outcome text, organization_id uuid, patient_id uuid, purpose text)
  language plpgsql security definer set search_path = public
  as $$
#variable_conflict use_column
declare
  person uuid := app_user_id();
  invited portal_invitations;
  patient patients;
  proxy uuid;
begin
  if person is null or app_scope() <> 'person' then
    raise exception 'accept_portal_invitation needs a person in scope' using errcode = 'insufficient_privilege';
  end if;
  select * into invited from portal_invitations i where i.token_hash = p_token_hash;
  -- The patient first: everything that changes a patient locks in this order.
  select * into patient from patients p where p.id = invited.patient_id and p.deleted_at is null for no key update;
  select * into invited from portal_invitations i where i.token_hash = p_token_hash for no key update;
  if patient.id is null or invited.id is null or invited.accepted_at is not null or invited.cancelled_at is not null
    or invited.expires_at <= p_now or invited.attempts >= 5 or invited.access_expires_at <= p_now
    or not exists (select from organization_patients e join organizations o on o.id = e.organization_id
      where e.organization_id = invited.organization_id and e.patient_id = patient.id and e.deleted_at is null
        and o.deleted_at is null and o.suspended_at is null)
  then
    return query select 'UNKNOWN', null::uuid, null::uuid, null::text;
    return;
  end if;
  if patient.dob <> p_dob then
    update portal_invitations i set attempts = i.attempts + 1 where i.id = invited.id;
    return query select 'UNKNOWN', null::uuid, null::uuid, null::text;
    return;
  end if;
  outcome := 'LINKED';
  if invited.purpose = 'PATIENT' then
    if patient.user_id is not null then
      outcome := 'TAKEN';
    elsif exists (select from patients p where p.user_id = person and p.deleted_at is null) then
      outcome := 'OTHER';
    else
      begin
        update patients p set user_id = person, version = p.version + 1 where p.id = patient.id;
      exception when unique_violation then
        outcome := 'OTHER';
      end;
    end if;
  elsif patient.user_id = person then
    outcome := 'TAKEN';
  else
    insert into proxies (id, user_id) values (p_proxy_id, person)
      on conflict (user_id) where deleted_at is null do nothing;
    select x.id into proxy from proxies x where x.user_id = person and x.deleted_at is null;
    update patient_proxy_assignments a set deleted_at = p_now
      where a.proxy_id = proxy and a.patient_id = patient.id and a.deleted_at is null and a.expires_at <= p_now;
    insert into patient_proxy_assignments (id, proxy_id, patient_id, relationship_type, can_view_clinical_notes,
        can_view_billing, can_schedule_appointments, access_granted_at, expires_at)
      values (p_assignment_id, proxy, patient.id, invited.relationship_type, invited.can_view_clinical_notes,
        invited.can_view_billing, invited.can_schedule_appointments, p_now, invited.access_expires_at)
      on conflict (proxy_id, patient_id) where deleted_at is null do nothing;
    if not found then
      outcome := 'TAKEN';
    end if;
  end if;
  if outcome = 'LINKED' then
    update portal_invitations i set accepted_at = p_now, accepted_by = person where i.id = invited.id;
  end if;
  return query select outcome, invited.organization_id, invited.patient_id, invited.purpose;
end $$;
revoke execute on function accept_portal_invitation from public;
grant execute on function accept_portal_invitation to wardline_app;

-- Whoever acts for a patient loses open streams when the access ends or shrinks.
create function announce_proxy_change() returns trigger
  language plpgsql
  as $$
begin
  perform pg_notify('wardline_access', x.user_id::text) from proxies x where x.id = new.proxy_id;
  return null;
end $$;
create trigger patient_proxy_assignments_access
  after update of deleted_at, expires_at, can_view_clinical_notes, can_view_billing, can_schedule_appointments
  on patient_proxy_assignments for each row execute function announce_proxy_change();
create index patient_proxy_assignments_list on patient_proxy_assignments (patient_id, id) where deleted_at is null;
