-- Under impersonation a person's own rows are those of the one organization, whatever a query says. The setting is one of its
-- own: the organization's would open the tenant's tables to the person.
create function app_within() returns uuid
  language sql stable parallel safe
  as $$ select nullif(current_setting('app.within', true), '')::uuid $$;

create policy impersonation on support_tickets as restrictive to wardline_app
  using ((select app_within()) is null or organization_id = (select app_within()));
create policy impersonation on notifications as restrictive for select to wardline_app
  using ((select app_within()) is null or organization_id is null or organization_id = (select app_within()));
create policy impersonation_update on notifications as restrictive for update to wardline_app
  using ((select app_within()) is null or organization_id is null or organization_id = (select app_within()));
