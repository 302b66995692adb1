-- Impersonations that ran out: ended at their own end, each told of once, whichever server notices first.
-- Definer: they belong to many organizations.
create function end_expired_impersonations(p_now timestamptz)
  returns table (id uuid, organization_id uuid, patient_id uuid, admin_user_id uuid, ended_at timestamptz, user_id uuid)
  language sql security definer set search_path = public
  as $$
    with ended as (
      update impersonations i set ended_at = i.expires_at
        where i.ended_at is null and i.expires_at <= p_now
        returning i.id, i.organization_id, i.patient_id, i.admin_user_id, i.ended_at
    ), sessions as (
      update user_sessions s set revoked_at = e.ended_at, revoked_reason = 'IMPERSONATION_ENDED'
        from ended e where s.impersonation_id = e.id and s.revoked_at is null
    )
    select e.id, e.organization_id, e.patient_id, e.admin_user_id, e.ended_at, p.user_id
      from ended e join patients p on p.id = e.patient_id
  $$;
revoke execute on function end_expired_impersonations from public;
grant execute on function end_expired_impersonations to wardline_app;
create index impersonations_running on impersonations (expires_at) where ended_at is null;
