-- Telephone calls of a practice.

create table calls (
  id uuid primary key,
  organization_id uuid not null references organizations,
  -- Null while it is not known whose call it is.
  patient_id uuid,
  agent_id uuid references users,
  -- E.164; for an outbound call the number that was called. Null when it was withheld.
  caller_id text check (caller_id ~ '^\+[1-9][0-9]{6,14}$'),
  call_type text not null check (call_type in ('INBOUND', 'OUTBOUND')),
  status text not null check (status in ('QUEUED', 'INITIATING', 'IN_PROGRESS', 'COMPLETED', 'VOICEMAIL', 'MISSED')),
  outcome text check (length(outcome) between 1 and 100),
  reason text check (length(reason) between 1 and 500),
  duration_seconds integer check (duration_seconds >= 0),
  wait_time_seconds integer check (wait_time_seconds >= 0),
  recording_key text,
  recording_type text check (recording_type in ('audio/wav', 'audio/mpeg', 'audio/ogg', 'audio/webm')),
  recording_redacted_at timestamptz(3),
  notes text check (length(notes) between 1 and 5000),
  entered_queue_at timestamptz(3),
  started_at timestamptz(3),
  ended_at timestamptz(3),
  version integer not null default 1 check (version > 0),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  foreign key (organization_id, patient_id) references organization_patients,
  check ((call_type = 'INBOUND') = (entered_queue_at is not null)),
  check (status not in ('QUEUED', 'VOICEMAIL', 'INITIATING') or (status = 'QUEUED') = (call_type = 'INBOUND')),
  check (status in ('QUEUED', 'MISSED') or (agent_id is not null and started_at is not null)),
  check (status <> 'QUEUED' or (agent_id is null and started_at is null)),
  check ((status in ('COMPLETED', 'VOICEMAIL', 'MISSED')) = (ended_at is not null)),
  -- Nothing was taken away where nothing was, and what was taken away is not there.
  check (recording_redacted_at is null or recording_key is null),
  check ((recording_key is null) = (recording_type is null))
);
create index calls_status on calls (organization_id, status);
create index calls_queue on calls (organization_id, entered_queue_at, id) where status = 'QUEUED';
-- What upkeep looks for, in every organization at once.
create index calls_waiting on calls (entered_queue_at) where status = 'QUEUED';
create index calls_patient on calls (organization_id, patient_id, created_at desc, id desc) where patient_id is not null;
create index calls_agent on calls (agent_id, organization_id, created_at desc, id desc) where agent_id is not null;
-- The averages of a day.
create index calls_answered on calls (organization_id, started_at) where call_type = 'INBOUND' and started_at is not null;
-- One call at a time, in whatever organization.
create unique index calls_one_at_a_time on calls (agent_id) where status in ('INITIATING', 'IN_PROGRESS');
create trigger calls_updated_at before update on calls for each row execute function set_updated_at();
create trigger calls_changes after update on calls for each row execute function capture_changes('recording_key');
alter table calls enable row level security, force row level security;
create policy owner on calls to current_user using (true);
create policy tenant on calls to wardline_app using (organization_id = (select app_organization_id()));
grant select, insert, update on calls to wardline_app;

-- Whose number it is that calls.
create index contact_methods_number on contact_methods (value) where type <> 'EMAIL';

-- Where somebody has waited too long. Definer: upkeep serves every organization, each then in its own scope.
create function organizations_with_stale_calls(p_before timestamptz) returns setof uuid
  language sql stable security definer set search_path = public
  as $$ select distinct organization_id from calls where status = 'QUEUED' and entered_queue_at < p_before $$;
revoke execute on function organizations_with_stale_calls from public;
grant execute on function organizations_with_stale_calls to wardline_app;
