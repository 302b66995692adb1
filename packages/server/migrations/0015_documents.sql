-- Documents of patients. Their files are blobs; here is what they are, and whether they may be had.

create table documents (
  id uuid primary key,
  organization_id uuid not null,
  patient_id uuid not null,
  -- Null for an API key.
  uploaded_by uuid references users,
  filename text not null check (length(filename) between 1 and 200 and filename !~ '[/\\]'),
  -- Where the file is: changes when it is uploaded for good, and when it is quarantined.
  storage_key text not null,
  content_type text not null check (content_type in (
    'application/pdf', 'image/jpeg', 'image/png', 'image/gif', 'application/msword',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/vnd.ms-excel',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'text/plain', 'text/csv')),
  size_bytes integer not null check (size_bytes between 1 and 52428800),
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  scan_status text not null default 'PENDING' check (scan_status in ('PENDING', 'CLEAN', 'INFECTED', 'FAILED')),
  -- What the scanner called it.
  infection text,
  processing_status text not null default 'PENDING'
    check (processing_status in ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED')),
  extracted_text text check (length(extracted_text) <= 1000000),
  description text check (length(description) between 1 and 500),
  -- Null until the upload is complete: before, the document is nobody's to see.
  uploaded_at timestamptz(3),
  scanned_at timestamptz(3),
  processed_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  foreign key (organization_id, patient_id) references organization_patients,
  constraint documents_storage_key unique (storage_key),
  check ((uploaded_at is null) = (sha256 is null)),
  check (uploaded_at is not null or (scan_status = 'PENDING' and processing_status = 'PENDING')),
  check (scan_status = 'INFECTED' or infection is null)
);
create index documents_patient on documents (patient_id, created_at desc, id desc);
create index documents_organization on documents (organization_id, patient_id);
create index documents_uploaded_by on documents (uploaded_by) where uploaded_by is not null;
-- What waits for a scanner, and what was begun and never sent.
create index documents_to_scan on documents (id) where scan_status = 'PENDING' and uploaded_at is not null;
create index documents_unfinished on documents (created_at) where uploaded_at is null;
create trigger documents_updated_at before update on documents for each row execute function set_updated_at();
create trigger documents_changes after update on documents
  for each row execute function capture_changes('storage_key', 'extracted_text');

alter table documents enable row level security, force row level security;
create policy owner on documents to current_user using (true);
create policy tenant on documents to wardline_app
  using (organization_id = (select app_organization_id()));
grant select, insert, update on documents to wardline_app;

-- Documents of every organization that wait for a scan: for a server whose scanner came later. Ids only.
create function documents_to_scan(p_after uuid, p_limit integer)
  returns table (document_id uuid, organization_id uuid)
  language sql stable security definer set search_path = public
  as $$
    select d.id, d.organization_id from documents d
      where d.scan_status = 'PENDING' and d.uploaded_at is not null and d.deleted_at is null and d.id > p_after
      order by d.id limit p_limit
  $$;
revoke execute on function documents_to_scan from public;
grant execute on function documents_to_scan to wardline_app;

-- Uploads that were begun before p_before and never completed, with where their bytes may be.
create function unfinished_documents(p_before timestamptz, p_limit integer)
  returns table (document_id uuid, storage_key text)
  language sql stable security definer set search_path = public
  as $$
    select d.id, d.storage_key from documents d
      where d.uploaded_at is null and d.created_at < p_before order by d.created_at limit p_limit
  $$;
revoke execute on function unfinished_documents from public;
grant execute on function unfinished_documents to wardline_app;

-- Forgets them, unless one was completed meanwhile.
create function forget_unfinished_documents(p_ids uuid[], p_before timestamptz) returns void
  language sql security definer set search_path = public
  as $$
    delete from documents where id = any(p_ids) and uploaded_at is null and created_at < p_before
  $$;
revoke execute on function forget_unfinished_documents from public;
grant execute on function forget_unfinished_documents to wardline_app;
