-- What somebody in the practice is to do.

create table tasks (
  id uuid primary key,
  organization_id uuid not null references organizations,
  assignee_id uuid references users,
  -- Null: an API key.
  created_by uuid references users,
  related_resource_type text check (related_resource_type in ('PATIENT', 'APPOINTMENT', 'CALL')),
  related_resource_id uuid,
  description text not null check (length(description) between 1 and 2000),
  due_at timestamptz(3),
  -- What has no due time comes last in the order.
  due_order timestamptz(3) not null generated always as (coalesce(due_at, 'infinity'::timestamptz)) stored,
  status text not null default 'PENDING' check (status in ('PENDING', 'COMPLETED', 'CANCELLED')),
  completed_at timestamptz(3),
  version integer not null default 1 check (version > 0),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check ((status = 'COMPLETED') = (completed_at is not null)),
  check ((related_resource_type is null) = (related_resource_id is null))
);
create index tasks_order on tasks (organization_id, due_order, id);
create index tasks_status on tasks (organization_id, status, due_order, id);
create index tasks_assignee on tasks (assignee_id, organization_id, due_order, id) where assignee_id is not null;
create index tasks_assignee_status on tasks (organization_id, assignee_id, status, due_order, id);
create index tasks_created_by on tasks (created_by) where created_by is not null;
create index tasks_related on tasks (related_resource_id) where related_resource_id is not null;
create trigger tasks_updated_at before update on tasks for each row execute function set_updated_at();
create trigger tasks_changes after update on tasks for each row execute function capture_changes('due_order');
alter table tasks enable row level security, force row level security;
create policy owner on tasks to current_user using (true);
create policy tenant on tasks to wardline_app using (organization_id = (select app_organization_id()));
grant select, insert, update on tasks to wardline_app;
