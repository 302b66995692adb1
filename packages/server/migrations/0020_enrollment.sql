-- Patients shared between organizations: enrollment, what ends with it, and a search that stays fast.

-- A number is taken by live patients only: one that was made by mistake and deleted gives it back.
alter table organization_patients drop constraint organization_patients_mrn;
create unique index organization_patients_mrn on organization_patients (organization_id, medical_record_number)
  where deleted_at is null;

-- A deleted enrollment opens nothing any more: the record may go on to be another organization's.
drop policy tenant on patients;
create policy tenant on patients for select to wardline_app
  using (exists (select from organization_patients e where e.patient_id = patients.id
    and e.organization_id = (select app_organization_id()) and e.deleted_at is null));
drop policy tenant_update on patients;
create policy tenant_update on patients for update to wardline_app
  using (exists (select from organization_patients e where e.patient_id = patients.id
    and e.organization_id = (select app_organization_id()) and e.deleted_at is null));
drop policy tenant on contact_methods;
create policy tenant on contact_methods to wardline_app
  using (exists (select from organization_patients e where e.patient_id = contact_methods.patient_id
    and e.organization_id = (select app_organization_id()) and e.deleted_at is null));
drop policy tenant on patient_proxy_assignments;
create policy tenant on patient_proxy_assignments to wardline_app
  using (exists (select from organization_patients e where e.patient_id = patient_proxy_assignments.patient_id
    and e.organization_id = (select app_organization_id()) and e.deleted_at is null));

-- Nobody is pulled into an organization by their id alone, whatever a query says: only a patient who is enrolled
-- nowhere yet may be inserted; the rest goes through enroll_known_patient.
create function is_enrolled_anywhere(p_patient_id uuid) returns boolean
  language sql stable security definer set search_path = public
  as $$ select exists (select from organization_patients where patient_id = p_patient_id) $$;
revoke execute on function is_enrolled_anywhere from public;
grant execute on function is_enrolled_anywhere to wardline_app;
drop policy tenant on organization_patients;
create policy tenant on organization_patients for select to wardline_app
  using (organization_id = (select app_organization_id()));
create policy tenant_update on organization_patients for update to wardline_app
  using (organization_id = (select app_organization_id()));
create policy tenant_insert on organization_patients for insert to wardline_app
  with check (organization_id = (select app_organization_id()) and not is_enrolled_anywhere(patient_id));

-- Wrong tries to enroll somebody by id. Only of patients there are; nobody reads it.
create table enrollment_attempts (
  organization_id uuid not null references organizations,
  patient_id uuid not null references patients,
  failures integer not null check (failures > 0),
  last_at timestamptz(3) not null,
  primary key (organization_id, patient_id)
);
create index enrollment_attempts_patient on enrollment_attempts (patient_id);
alter table enrollment_attempts enable row level security, force row level security;
create policy owner on enrollment_attempts to current_user using (true);

-- Enrolls somebody whom the organization in scope does not have, who told last name and date of birth.
-- ENROLLED, DUPLICATE_MRN, or UNKNOWN: no such patient, told wrong, or told wrong 5 times within a day.
create function enroll_known_patient(p_patient_id uuid, p_last_name text, p_dob date, p_mrn text, p_now timestamptz)
  returns text
  language plpgsql security definer set search_path = public
  as $$
declare
  org uuid := app_organization_id();
  patient patients;
  tried enrollment_attempts;
begin
  if org is null or app_scope() <> 'organization' then
    raise exception 'enroll_known_patient needs an organization in scope' using errcode = 'insufficient_privilege';
  end if;
  -- The lock lets of many tries at once each count.
  select * into patient from patients where id = p_patient_id and deleted_at is null for no key update;
  if patient.id is null then
    return 'UNKNOWN';
  end if;
  select * into tried from enrollment_attempts a where a.organization_id = org and a.patient_id = patient.id;
  if tried.failures >= 5 and tried.last_at > p_now - interval '24 hours' then
    return 'UNKNOWN';
  end if;
  if patient.dob <> p_dob or search_form(trim(patient.last_name)) <> search_form(trim(p_last_name)) then
    insert into enrollment_attempts as a (organization_id, patient_id, failures, last_at)
      values (org, patient.id, 1, p_now)
      on conflict (organization_id, patient_id) do update set last_at = p_now,
        failures = case when a.last_at <= p_now - interval '24 hours' then 1 else a.failures + 1 end;
    return 'UNKNOWN';
  end if;
  delete from enrollment_attempts a where a.organization_id = org and a.patient_id = patient.id;
  begin
    insert into organization_patients
        (organization_id, patient_id, medical_record_number, enrolled_at, first_name, last_name, dob, search_text)
      values (org, patient.id, p_mrn, p_now, '', '', patient.dob, '')
      on conflict (organization_id, patient_id) do update set medical_record_number = excluded.medical_record_number,
        status = 'ACTIVE', enrolled_at = excluded.enrolled_at, discharged_at = null, deleted_at = null;
  exception when unique_violation then
    return 'DUPLICATE_MRN';
  end;
  return 'ENROLLED';
end $$;
revoke execute on function enroll_known_patient from public;
grant execute on function enroll_known_patient to wardline_app;

-- Deletes a patient from the organization in scope; the record, the portal and the proxies' access go when no other
-- organization has the patient. False when there is no such patient here. Definer: others' enrollments are their own.
create function delete_patient(p_patient_id uuid, p_now timestamptz) returns boolean
  language plpgsql security definer set search_path = public
  as $$
begin
  if app_organization_id() is null or app_scope() <> 'organization' then
    raise exception 'delete_patient needs an organization in scope' using errcode = 'insufficient_privilege';
  end if;
  -- Of two organizations that delete at once the second sees that it was the last.
  perform from patients p where p.id = p_patient_id and p.deleted_at is null for no key update;
  update organization_patients e set deleted_at = p_now
    where e.organization_id = app_organization_id() and e.patient_id = p_patient_id and e.deleted_at is null;
  if not found then
    return false;
  end if;
  if not exists (select from organization_patients e join organizations o on o.id = e.organization_id
    where e.patient_id = p_patient_id and e.deleted_at is null and o.deleted_at is null)
  then
    update patient_proxy_assignments a set deleted_at = p_now where a.patient_id = p_patient_id and a.deleted_at is null;
    update patients p set deleted_at = p_now where p.id = p_patient_id;
  end if;
  return true;
end $$;
revoke execute on function delete_patient from public;
grant execute on function delete_patient to wardline_app;

-- Where a patient is in care: for the patient, who acts for the patient, and the platform's administrators.
create function list_patient_organizations(p_patient_id uuid)
  returns table (organization_id uuid, organization_name text, status text)
  language sql stable security definer set search_path = public
  as $$
    select e.organization_id, o.name, e.status
      from organization_patients e join organizations o on o.id = e.organization_id
      where e.patient_id = p_patient_id and e.deleted_at is null and o.deleted_at is null
        and (p_patient_id in (select app_patient_ids())
          or exists (select from users u where u.id = app_user_id() and u.is_super_admin and u.deleted_at is null))
  $$;
revoke execute on function list_patient_organizations from public;
grant execute on function list_patient_organizations to wardline_app;

-- What the search compares, without accents and case, in byte order: a beginning is then a stretch of an index.
alter table organization_patients
  add column last_form text collate "C" not null default '',
  add column first_form text collate "C" not null default '',
  add column mrn_form text collate "C" not null default '';

-- The names that an organization's patients have or had, each once: what is spelled alike is looked for among them, which
-- are few, and not among the patients.
create table patient_names (
  organization_id uuid not null references organizations,
  form text collate "C" not null,
  primary key (organization_id, form)
);
create index patient_names_form on patient_names using gin (organization_id, form gin_trgm_ops);
alter table patient_names enable row level security, force row level security;
create policy owner on patient_names to current_user using (true);

create or replace function fill_organization_patient() returns trigger
  language plpgsql security definer set search_path = public
  as $$
begin
  select p.first_name, p.last_name, p.dob into strict new.first_name, new.last_name, new.dob
    from patients p where p.id = new.patient_id;
  new.mrn_form := search_form(new.medical_record_number);
  if tg_op = 'INSERT' or new.last_form <> search_form(new.last_name) or new.first_form <> search_form(new.first_name) then
    new.last_form := search_form(new.last_name);
    new.first_form := search_form(new.first_name);
    -- In one order, so that two at once do not wait for each other.
    insert into patient_names (organization_id, form)
      values (new.organization_id, least(new.last_form, new.first_form)),
        (new.organization_id, greatest(new.last_form, new.first_form))
      on conflict do nothing;
  end if;
  new.search_text := new.first_form || ' ' || new.last_form || ' ' || new.mrn_form;
  return new;
end $$;
drop trigger organization_patients_changes on organization_patients;
update organization_patients set last_form = '';
create trigger organization_patients_changes after update on organization_patients
  for each row execute function capture_changes(
    'search_text', 'first_name', 'last_name', 'dob', 'last_form', 'first_form', 'mrn_form');
create index organization_patients_last on organization_patients
  (organization_id, status, last_form, first_form, patient_id) where deleted_at is null;
create index organization_patients_first on organization_patients
  (organization_id, status, first_form, last_form, patient_id) where deleted_at is null;
create index organization_patients_mrn_form on organization_patients
  (organization_id, status, mrn_form, patient_id) where deleted_at is null;
drop index organization_patients_search;
create index organization_patients_search on organization_patients
  using gin (organization_id, search_text gin_trgm_ops) where deleted_at is null;

-- The best match first, by kind: 1 last name begins so, 2 first name, 3 record number, 4 its words are somewhere inside,
-- 5 first or last name (of two words: both) are spelled like it. Within a kind by `place`, then id. A kind is looked at
-- only when those before it do not fill the page: most searches end with the first. As the owner, because LIKE and <%
-- are not leakproof and would not use their index under row-level security; it states its organization itself, which
-- must be the one in scope.
drop function search_patients;
create function search_patients(p_organization_id uuid, p_query text, p_status text, p_limit integer,
    p_after_kind integer, p_after_place text, p_after_id uuid)
  returns table (patient_id uuid, kind integer, place text)
  -- A page, so that what is joined to it is looked up by row and not read whole.
  language plpgsql stable security definer rows 50
  set search_path = public set pg_trgm.word_similarity_threshold = '0.5'
  as $$
declare
  q text collate "C" := trim(regexp_replace(search_form(p_query), '[\s,;]+', ' ', 'g'));
  -- After whatever begins with it.
  past text collate "C" := q || chr(1114111);
  words text[] := string_to_array(q, ' ');
  patterns text[] := array(
    select '%' || replace(replace(replace(w, '\', '\\'), '%', '\%'), '_', '\_') || '%' from unnest(words) w);
  head text := words[1];
  tail text := words[cardinality(words)];
  head_pattern text := patterns[1];
  tail_pattern text := patterns[cardinality(patterns)];
  -- Between the parts of a place: sorts before any letter.
  gap constant text := chr(1);
  kind_from integer := coalesce(p_after_kind, 0);
  one text collate "C" := split_part(p_after_place, gap, 1);
  two text collate "C" := split_part(p_after_place, gap, 2);
  three text collate "C" := split_part(p_after_place, gap, 3);
  wanted bigint := p_limit;
  found_rows bigint;
begin
  if p_organization_id is distinct from app_organization_id() then
    raise exception 'search_patients outside its organization' using errcode = 'insufficient_privilege';
  end if;
  if q = '' then
    return;
  end if;

  if kind_from <= 1 then
    return query select e.patient_id, 1, e.last_form || gap || e.first_form
      from organization_patients e
      where e.organization_id = p_organization_id and e.status = p_status and e.deleted_at is null
        and e.last_form >= q and e.last_form < past
        and (kind_from < 1 or (e.last_form, e.first_form, e.patient_id) > (one, two, p_after_id))
      order by e.last_form, e.first_form, e.patient_id limit wanted;
    get diagnostics found_rows = row_count;
    wanted := wanted - found_rows;
  end if;

  if wanted > 0 and kind_from <= 2 then
    return query select e.patient_id, 2, e.first_form || gap || e.last_form
      from organization_patients e
      where e.organization_id = p_organization_id and e.status = p_status and e.deleted_at is null
        and e.first_form >= q and e.first_form < past
        and not (e.last_form >= q and e.last_form < past)
        and (kind_from < 2 or (e.first_form, e.last_form, e.patient_id) > (one, two, p_after_id))
      order by e.first_form, e.last_form, e.patient_id limit wanted;
    get diagnostics found_rows = row_count;
    wanted := wanted - found_rows;
  end if;

  if wanted > 0 and kind_from <= 3 then
    return query select e.patient_id, 3, e.mrn_form::text
      from organization_patients e
      where e.organization_id = p_organization_id and e.status = p_status and e.deleted_at is null
        and e.mrn_form >= q and e.mrn_form < past
        and not (e.last_form >= q and e.last_form < past)
        and not (e.first_form >= q and e.first_form < past)
        and (kind_from < 3 or (e.mrn_form, e.patient_id) > (one, p_after_id))
      order by e.mrn_form, e.patient_id limit wanted;
    get diagnostics found_rows = row_count;
    wanted := wanted - found_rows;
  end if;

  -- Two or three letters are inside too many names to say anything.
  if wanted <= 0 or length(q) < 4 then
    return;
  end if;

  if kind_from <= 4 then
    return query select e.patient_id, 4, e.last_form || gap || e.first_form
      from organization_patients e
      where e.organization_id = p_organization_id and e.status = p_status and e.deleted_at is null
        and e.search_text like head_pattern and e.search_text like tail_pattern and e.search_text like all (patterns)
        and not (e.last_form >= q and e.last_form < past)
        and not (e.first_form >= q and e.first_form < past)
        and not (e.mrn_form >= q and e.mrn_form < past)
        and (kind_from < 4 or (e.last_form, e.first_form, e.patient_id) > (one, two, p_after_id))
      order by e.last_form, e.first_form, e.patient_id limit wanted;
    get diagnostics found_rows = row_count;
    wanted := wanted - found_rows;
  end if;

  -- A number is right or wrong, but not spelled alike.
  if wanted <= 0 or q ~ '[0-9]' then
    return;
  end if;

  return query
    with heads as (
      select n.form, word_similarity(head, n.form) as likeness
        from patient_names n where n.organization_id = p_organization_id and head <% n.form
        order by 2 desc, 1 limit 30
    ), tails as (
      select n.form, word_similarity(tail, n.form) as likeness
        from patient_names n where n.organization_id = p_organization_id and tail <% n.form
        order by 2 desc, 1 limit 30
    ), wanted_names as (
      -- Null: any.
      select h.form as last, null as first, h.likeness from heads h where cardinality(words) = 1
      union all select null, h.form, h.likeness from heads h where cardinality(words) = 1
      union all select t.form, h.form, (h.likeness + t.likeness) / 2 from heads h, tails t where cardinality(words) > 1
      union all select h.form, t.form, (h.likeness + t.likeness) / 2 from heads h, tails t where cardinality(words) > 1
    ), alike as materialized (
      select w.last, w.first, min(lpad(round((1 - w.likeness) * 1000000)::text, 7, '0')) collate "C" as distance
        from wanted_names w group by w.last, w.first
    )
    -- Each patient once: by the name that is the more alike.
    select x.patient_id, 5, p.place
      from alike a cross join lateral (
        (select e.patient_id, e.last_form, e.first_form from organization_patients e
          where a.first is null
            and e.organization_id = p_organization_id and e.status = p_status and e.deleted_at is null
            and e.last_form = a.last and not (e.search_text like all (patterns))
            and (kind_from < 5 or (a.distance, e.last_form, e.first_form, e.patient_id) > (one, two, three, p_after_id))
            and not exists (select from alike b
              where b.last is null and b.first = e.first_form and b.distance < a.distance)
          order by e.first_form, e.patient_id limit wanted)
        union all
        (select e.patient_id, e.last_form, e.first_form from organization_patients e
          where a.last is null
            and e.organization_id = p_organization_id and e.status = p_status and e.deleted_at is null
            and e.first_form = a.first and not (e.search_text like all (patterns))
            and (kind_from < 5 or (a.distance, e.last_form, e.first_form, e.patient_id) > (one, two, three, p_after_id))
            and not exists (select from alike b
              where b.first is null and b.last = e.last_form and b.distance <= a.distance)
          order by e.last_form, e.patient_id limit wanted)
        union all
        (select e.patient_id, e.last_form, e.first_form from organization_patients e
          where e.organization_id = p_organization_id and e.status = p_status and e.deleted_at is null
            and e.last_form = a.last and e.first_form = a.first and not (e.search_text like all (patterns))
            and (kind_from < 5 or (a.distance, e.last_form, e.first_form, e.patient_id) > (one, two, three, p_after_id))
          order by e.patient_id limit wanted)
      ) x
      cross join lateral (select (a.distance || gap || x.last_form || gap || x.first_form) collate "C" as place) p
      order by p.place, x.patient_id limit wanted;
end $$;
revoke execute on function search_patients from public;
grant execute on function search_patients to wardline_app;
