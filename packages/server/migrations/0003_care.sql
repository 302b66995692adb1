-- Patients, who cares for them and who acts for them, appointments, messages.

create table patients (
  id uuid primary key,
  user_id uuid references users,
  first_name text not null check (length(first_name) between 1 and 100),
  last_name text not null check (length(last_name) between 1 and 100),
  dob date not null,
  legal_sex text not null default 'UNKNOWN' check (legal_sex in ('FEMALE', 'MALE', 'NON_BINARY', 'UNKNOWN')),
  stripe_customer_id text,
  subscription_status text check (subscription_status in ('ACTIVE', 'PAST_DUE', 'CANCELED', 'INCOMPLETE', 'TRIALING')),
  version integer not null default 1 check (version > 0),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create unique index patients_user on patients (user_id) where deleted_at is null;
create trigger patients_updated_at before update on patients for each row execute function set_updated_at();
create trigger patients_changes after update on patients for each row execute function capture_changes('stripe_customer_id');

create table proxies (
  id uuid primary key,
  user_id uuid not null references users,
  relationship_to_patient text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create unique index proxies_user on proxies (user_id) where deleted_at is null;
create trigger proxies_updated_at before update on proxies for each row execute function set_updated_at();

create table organization_patients (
  organization_id uuid not null references organizations,
  patient_id uuid not null references patients,
  medical_record_number text not null check (length(medical_record_number) between 1 and 40),
  status text not null default 'ACTIVE' check (status in ('ACTIVE', 'DISCHARGED')),
  enrolled_at timestamptz(3) not null,
  discharged_at timestamptz(3),
  -- Kept from patients by trigger: one index on one tenant table then serves a page.
  first_name text not null,
  last_name text not null,
  dob date not null,
  search_text text not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (organization_id, patient_id),
  constraint organization_patients_mrn unique (organization_id, medical_record_number)
);
create index organization_patients_order on organization_patients (organization_id, last_name, first_name, patient_id);
create index organization_patients_status_order
  on organization_patients (organization_id, status, last_name, first_name, patient_id) where deleted_at is null;
create index organization_patients_patient on organization_patients (patient_id, organization_id);
create index organization_patients_search on organization_patients using gin (organization_id, search_text gin_trgm_ops);
create trigger organization_patients_updated_at before update on organization_patients
  for each row execute function set_updated_at();
create trigger organization_patients_changes after update on organization_patients
  for each row execute function capture_changes('search_text', 'first_name', 'last_name', 'dob');

create function fill_organization_patient() returns trigger
  language plpgsql security definer set search_path = public
  as $$
begin
  select p.first_name, p.last_name, p.dob into strict new.first_name, new.last_name, new.dob
    from patients p where p.id = new.patient_id;
  new.search_text := search_form(new.first_name || ' ' || new.last_name || ' ' || new.medical_record_number);
  return new;
end $$;
create trigger organization_patients_fill before insert or update on organization_patients
  for each row execute function fill_organization_patient();

create function spread_patient_name() returns trigger
  language plpgsql security definer set search_path = public
  as $$
begin
  update organization_patients set first_name = new.first_name where patient_id = new.id;
  return null;
end $$;
create trigger patients_spread after update of first_name, last_name, dob on patients
  for each row when ((old.first_name, old.last_name, old.dob) is distinct from (new.first_name, new.last_name, new.dob))
  execute function spread_patient_name();

create function count_patients() returns trigger
  language plpgsql security definer set search_path = public
  as $$
declare
  was integer := case when tg_op <> 'INSERT' and old.deleted_at is null then 1 else 0 end;
  is_now integer := case when tg_op <> 'DELETE' and new.deleted_at is null then 1 else 0 end;
begin
  if was <> is_now then
    update organizations set patient_count = patient_count + is_now - was
      where id = coalesce(new.organization_id, old.organization_id);
  end if;
  return null;
end $$;
create trigger organization_patients_count after insert or update or delete on organization_patients
  for each row execute function count_patients();

create table patient_proxy_assignments (
  id uuid primary key,
  proxy_id uuid not null references proxies,
  patient_id uuid not null references patients,
  relationship_type text not null check (relationship_type in ('PARENT', 'GUARDIAN', 'POA', 'SPOUSE')),
  can_view_clinical_notes boolean not null default false,
  can_view_billing boolean not null default true,
  can_schedule_appointments boolean not null default true,
  access_granted_at timestamptz(3) not null,
  expires_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create unique index patient_proxy_assignments_live on patient_proxy_assignments (proxy_id, patient_id) where deleted_at is null;
create index patient_proxy_assignments_patient on patient_proxy_assignments (patient_id);
create trigger patient_proxy_assignments_updated_at before update on patient_proxy_assignments
  for each row execute function set_updated_at();
create trigger patient_proxy_assignments_changes after update on patient_proxy_assignments
  for each row execute function capture_changes();

-- The patients whom the person in scope is, or acts for. Definer: a policy that read the tables below
-- itself would recurse. Expiry is the record-level policy's affair, with the injected clock.
create function app_patient_ids() returns setof uuid
  language sql stable security definer set search_path = public
  as $$
    select id from patients where user_id = app_user_id() and deleted_at is null
    union
    select a.patient_id from patient_proxy_assignments a join proxies x on x.id = a.proxy_id
      where x.user_id = app_user_id() and a.deleted_at is null and x.deleted_at is null
  $$;
revoke execute on function app_patient_ids from public;
grant execute on function app_patient_ids to wardline_app;

alter table organization_patients enable row level security, force row level security;
create policy owner on organization_patients to current_user using (true);
create policy tenant on organization_patients to wardline_app
  using (organization_id = (select app_organization_id()));
create policy person on organization_patients for select to wardline_app
  using ((select app_scope()) = 'person' and patient_id in (select app_patient_ids()));
grant select, insert, update on organization_patients to wardline_app;

-- patients has no organization of its own: it is visible through an enrollment, or to the person.
alter table patients enable row level security, force row level security;
create policy owner on patients to current_user using (true);
create policy tenant on patients for select to wardline_app
  using (exists (select from organization_patients e
    where e.patient_id = patients.id and e.organization_id = (select app_organization_id())));
create policy tenant_update on patients for update to wardline_app
  using (exists (select from organization_patients e
    where e.patient_id = patients.id and e.organization_id = (select app_organization_id())));
create policy tenant_insert on patients for insert to wardline_app
  with check ((select app_organization_id()) is not null);
create policy person on patients for select to wardline_app
  using ((select app_scope()) = 'person' and id in (select app_patient_ids()));
grant select, insert, update on patients to wardline_app;

alter table patient_proxy_assignments enable row level security, force row level security;
create policy owner on patient_proxy_assignments to current_user using (true);
create policy tenant on patient_proxy_assignments to wardline_app
  using (exists (select from organization_patients e
    where e.patient_id = patient_proxy_assignments.patient_id and e.organization_id = (select app_organization_id())));
create policy person on patient_proxy_assignments for select to wardline_app
  using ((select app_scope()) = 'person' and patient_id in (select app_patient_ids()));
grant select, insert, update on patient_proxy_assignments to wardline_app;
grant select, insert, update on proxies to wardline_app;

create table contact_methods (
  id uuid primary key,
  patient_id uuid not null references patients,
  type text not null check (type in ('MOBILE', 'HOME', 'WORK', 'EMAIL')),
  value text not null check (length(value) between 3 and 254),
  is_primary boolean not null default false,
  is_safe_for_voicemail boolean not null default false,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create unique index contact_methods_primary on contact_methods (patient_id, type) where is_primary;
create index contact_methods_patient on contact_methods (patient_id);
create trigger contact_methods_updated_at before update on contact_methods for each row execute function set_updated_at();
create trigger contact_methods_changes after update on contact_methods for each row execute function capture_changes();
alter table contact_methods enable row level security, force row level security;
create policy owner on contact_methods to current_user using (true);
create policy tenant on contact_methods to wardline_app
  using (exists (select from organization_patients e
    where e.patient_id = contact_methods.patient_id and e.organization_id = (select app_organization_id())));
grant select, insert, update, delete on contact_methods to wardline_app;

create table providers (
  id uuid primary key,
  user_id uuid not null references users,
  npi_number text not null check (npi_number ~ '^[0-9]{10}$'),
  dea_number text,
  specialty text,
  state_licenses jsonb not null default '[]',
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create unique index providers_npi on providers (npi_number) where deleted_at is null;
create unique index providers_user on providers (user_id) where deleted_at is null;
create trigger providers_updated_at before update on providers for each row execute function set_updated_at();
create trigger providers_changes after update on providers for each row execute function capture_changes();
alter table providers enable row level security, force row level security;
create policy owner on providers to current_user using (true);
create policy tenant on providers to wardline_app
  using (exists (select from organization_memberships m
    where m.user_id = providers.user_id and m.organization_id = (select app_organization_id())));
create policy person on providers for select to wardline_app
  using ((select app_scope()) = 'person' and user_id = (select app_user_id()));
grant select, insert, update on providers to wardline_app;

create table staff (
  id uuid primary key,
  user_id uuid not null references users,
  employee_id text,
  job_title text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create unique index staff_user on staff (user_id) where deleted_at is null;
create trigger staff_updated_at before update on staff for each row execute function set_updated_at();
create trigger staff_changes after update on staff for each row execute function capture_changes();
alter table staff enable row level security, force row level security;
create policy owner on staff to current_user using (true);
create policy tenant on staff to wardline_app
  using (exists (select from organization_memberships m
    where m.user_id = staff.user_id and m.organization_id = (select app_organization_id())));
create policy person on staff for select to wardline_app
  using ((select app_scope()) = 'person' and user_id = (select app_user_id()));
grant select, insert, update on staff to wardline_app;

create table care_team_assignments (
  id uuid primary key,
  organization_id uuid not null references organizations,
  patient_id uuid not null references patients,
  provider_id uuid not null references providers,
  is_primary_provider boolean not null default false,
  assigned_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create unique index care_team_assignments_member on care_team_assignments (organization_id, patient_id, provider_id);
create unique index care_team_assignments_primary on care_team_assignments (organization_id, patient_id) where is_primary_provider;
create index care_team_assignments_patient on care_team_assignments (patient_id);
create index care_team_assignments_provider on care_team_assignments (provider_id);
create trigger care_team_assignments_updated_at before update on care_team_assignments
  for each row execute function set_updated_at();
create trigger care_team_assignments_changes after update on care_team_assignments
  for each row execute function capture_changes();
alter table care_team_assignments enable row level security, force row level security;
create policy owner on care_team_assignments to current_user using (true);
create policy tenant on care_team_assignments to wardline_app
  using (organization_id = (select app_organization_id()));
grant select, insert, update, delete on care_team_assignments to wardline_app;

create table appointments (
  id uuid primary key,
  organization_id uuid not null references organizations,
  patient_id uuid not null references patients,
  provider_id uuid not null references providers,
  appointment_type text not null check (appointment_type in ('IN_PERSON', 'TELEHEALTH')),
  status text not null default 'SCHEDULED'
    check (status in ('SCHEDULED', 'CONFIRMED', 'COMPLETED', 'CANCELLED', 'NO_SHOW')),
  scheduled_at timestamptz(3) not null,
  duration_minutes integer not null default 30 check (duration_minutes between 15 and 480),
  ends_at timestamptz(3) not null,
  reason text,
  notes text,
  location text,
  telehealth_url text,
  cancellation_reason text,
  version integer not null default 1 check (version > 0),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  -- Half-open intervals; the database holds the rule, whatever races.
  constraint appointments_no_overlap exclude using gist (provider_id with =, tstzrange(scheduled_at, ends_at) with &&)
    where (status in ('SCHEDULED', 'CONFIRMED') and deleted_at is null)
);
create index appointments_organization on appointments (organization_id, scheduled_at, id);
create index appointments_provider on appointments (provider_id, scheduled_at);
create index appointments_patient on appointments (patient_id, scheduled_at);
-- timestamptz + interval is not immutable, so the end is a column kept by trigger, not an expression.
create function set_appointment_end() returns trigger
  language plpgsql
  as $$
begin
  new.ends_at := new.scheduled_at + make_interval(mins => new.duration_minutes);
  return new;
end $$;
create trigger appointments_end before insert or update of scheduled_at, duration_minutes, ends_at on appointments
  for each row execute function set_appointment_end();
create trigger appointments_updated_at before update on appointments for each row execute function set_updated_at();
create trigger appointments_changes after update on appointments for each row execute function capture_changes('ends_at');
alter table appointments enable row level security, force row level security;
create policy owner on appointments to current_user using (true);
create policy tenant on appointments to wardline_app
  using (organization_id = (select app_organization_id()));
create policy person on appointments for select to wardline_app
  using ((select app_scope()) = 'person' and patient_id in (select app_patient_ids()));
grant select, insert, update on appointments to wardline_app;

create table message_threads (
  id uuid primary key,
  organization_id uuid not null references organizations,
  patient_id uuid not null references patients,
  subject text not null check (length(subject) between 1 and 200),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null,
  deleted_at timestamptz(3)
);
create index idx_threads_org_updated on message_threads (organization_id, updated_at desc, id desc);
create index message_threads_patient on message_threads (patient_id);
alter table message_threads enable row level security, force row level security;
create policy owner on message_threads to current_user using (true);
create policy tenant on message_threads to wardline_app
  using (organization_id = (select app_organization_id()));
grant select, insert, update on message_threads to wardline_app;

create table message_participants (
  id uuid primary key,
  organization_id uuid not null references organizations,
  thread_id uuid not null references message_threads,
  user_id uuid not null references users,
  last_read_at timestamptz(3),
  is_archived boolean not null default false,
  joined_at timestamptz(3) not null,
  unique (thread_id, user_id)
);
create index message_participants_user on message_participants (user_id, thread_id);
create index message_participants_organization on message_participants (organization_id);
alter table message_participants enable row level security, force row level security;
create policy owner on message_participants to current_user using (true);
create policy tenant on message_participants to wardline_app
  using (organization_id = (select app_organization_id()));
grant select, insert, update on message_participants to wardline_app;

create table messages (
  id uuid primary key,
  organization_id uuid not null references organizations,
  thread_id uuid not null references message_threads,
  sender_id uuid not null references users,
  body text not null check (length(body) between 1 and 20000),
  attachments jsonb not null default '[]',
  created_at timestamptz(3) not null
);
create index messages_thread on messages (thread_id, created_at desc, id desc);
create index messages_sender on messages (sender_id);
create index messages_organization on messages (organization_id);
alter table messages enable row level security, force row level security;
create policy owner on messages to current_user using (true);
create policy tenant on messages to wardline_app
  using (organization_id = (select app_organization_id()));
grant select, insert on messages to wardline_app;

create table notifications (
  id uuid primary key,
  user_id uuid not null references users,
  organization_id uuid references organizations,
  type text not null check (type in ('appointment', 'message', 'billing', 'system', 'admin')),
  title text not null check (length(title) between 1 and 200),
  body text not null check (length(body) <= 2000),
  action_url text,
  is_read boolean not null default false,
  metadata jsonb not null default '{}',
  created_at timestamptz(3) not null,
  deleted_at timestamptz(3)
);
create index idx_notifications_created on notifications (user_id, created_at desc, id desc);
create index notifications_unread on notifications (user_id, created_at desc) where not is_read and deleted_at is null;
create index notifications_organization on notifications (organization_id) where organization_id is not null;
alter table notifications enable row level security, force row level security;
create policy owner on notifications to current_user using (true);
create policy person on notifications for select to wardline_app using (user_id = (select app_user_id()));
create policy person_update on notifications for update to wardline_app using (user_id = (select app_user_id()));
-- A handler notifies others; nobody reads them back.
create policy notify on notifications for insert to wardline_app with check (true);
grant select, insert, update on notifications to wardline_app;

-- Ranked search by name or MRN. ILIKE and % are not leakproof, so under row-level security the trigram index
-- would not be used: this reviewed function runs as the owner and states the organization itself,
-- which must be the one that the transaction is scoped to.
create function search_patients(
  p_organization_id uuid, p_query text, p_status text, p_limit integer, p_after_rank real, p_after_id uuid)
  returns table (patient_id uuid, rank real)
  language plpgsql stable security definer
  set search_path = public set pg_trgm.word_similarity_threshold = '0.45'
  as $$
declare
  q text := search_form(p_query);
  pattern text := '%' || replace(replace(replace(q, '\', '\\'), '%', '\%'), '_', '\_') || '%';
begin
  if p_organization_id is distinct from app_organization_id() then
    raise exception 'search_patients outside its organization' using errcode = 'insufficient_privilege';
  end if;
  return query
    select s.patient_id, s.rank from (
      select e.patient_id,
        (word_similarity(q, e.search_text) + case when e.search_text like pattern then 1 else 0 end)::real as rank
        from organization_patients e
        where e.organization_id = p_organization_id
          and (e.search_text like pattern or q <% e.search_text)
          and e.deleted_at is null
          and (p_status is null or e.status = p_status)
    ) s
    where p_after_rank is null or s.rank < p_after_rank or (s.rank = p_after_rank and s.patient_id > p_after_id)
    order by s.rank desc, s.patient_id
    limit p_limit;
end $$;
revoke execute on function search_patients from public;
grant execute on function search_patients to wardline_app;

alter table consents add foreign key (patient_id) references patients;
