-- Webhooks: 410 Gone, and what could not be delivered at all.

-- Both constraints hold for what is there: one is wider than before, the other's columns are new.
alter table webhook_endpoints drop constraint webhook_endpoints_disabled_reason_check;
alter table webhook_endpoints add constraint webhook_endpoints_disabled_reason_check
  check (disabled_reason in ('ADMIN', 'FAILING', 'GONE')) not valid;

-- Deliveries that the log forgot before they had arrived, and when it last did. Its ADMINs are told of each such time.
alter table webhook_endpoints
  add column lost_count integer not null default 0 check (lost_count >= 0),
  add column lost_at timestamptz(3),
  add column lost_told_at timestamptz(3);
alter table webhook_endpoints add constraint webhook_endpoints_lost check ((lost_count = 0) = (lost_at is null)) not valid;

-- As before, and what did not arrive is counted. One that was sent again counts as the one that it was sent again as.
create or replace function purge_webhook_deliveries(p_now timestamptz, p_limit integer) returns bigint
  language sql security definer set search_path = public
  as $$
    with gone as (
      delete from webhook_deliveries where id in (
        select id from webhook_deliveries where created_at < p_now - interval '30 days' order by created_at limit p_limit)
      returning id, endpoint_id, status),
    lost as (
      select endpoint_id, count(*) as n from gone
        where status <> 'DELIVERED' and not exists (select from webhook_deliveries r where r.replay_of = gone.id)
        group by endpoint_id),
    counted as (
      update webhook_endpoints e set lost_count = e.lost_count + lost.n, lost_at = p_now from lost where e.id = lost.endpoint_id)
    select count(*) from gone
  $$;

-- As before, and the links for new passwords whose time is over. The outbox forgets no event that has not been turned into
-- deliveries, however long no courier ran.
create or replace function purge_expired(p_now timestamptz, p_limit integer) returns bigint
  language plpgsql security definer set search_path = public
  as $$
declare
  gone bigint := 0;
  n bigint;
  last_xid xid8;
  last_id bigint;
begin
  delete from idempotency_keys k using (
    select actor_id, operation_id, key from idempotency_keys where expires_at < p_now limit p_limit
  ) d where (k.actor_id, k.operation_id, k.key) = (d.actor_id, d.operation_id, d.key);
  get diagnostics n = row_count; gone := gone + n;
  delete from stream_tickets where id in (select id from stream_tickets where expires_at < p_now - interval '1 hour' limit p_limit);
  get diagnostics n = row_count; gone := gone + n;
  delete from mfa_challenges where id in (select id from mfa_challenges where expires_at < p_now - interval '1 day' limit p_limit);
  get diagnostics n = row_count; gone := gone + n;
  delete from mfa_enrollments where expires_at < p_now;
  get diagnostics n = row_count; gone := gone + n;
  delete from password_reset_tokens where id in (
    select id from password_reset_tokens where expires_at < p_now - interval '1 day' limit p_limit);
  get diagnostics n = row_count; gone := gone + n;
  with old as (
    delete from events where id in (
      select e.id from events e, webhook_cursor c
        where e.created_at < p_now - interval '7 days' and (e.xid, e.id) <= (c.xid, c.id)
        order by e.xid, e.id limit p_limit)
    returning xid, id
  )
  select o.xid, o.id, count(*) over () into last_xid, last_id, n from old o order by o.xid desc, o.id desc limit 1;
  if found then
    gone := gone + n;
    update events_purged p set xid = last_xid, id = last_id where (p.xid, p.id) < (last_xid, last_id);
  end if;
  return gone;
end $$;
