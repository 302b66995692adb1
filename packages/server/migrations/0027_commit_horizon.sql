-- Below which transaction everything is decided, as far as this database is concerned.

-- pg_snapshot_xmin would do, but transaction ids belong to the whole cluster: a long import into another database
-- would hold back this one's events and seals. A transaction counts unless it is seen to run in another database.
-- The snapshot is older than that look, so one that ends in between still counts, and the next call passes it.
create function commit_horizon() returns xid8
  language sql stable parallel safe
  set search_path = pg_catalog
  as $$
    select coalesce(
      (select x from pg_snapshot_xip(pg_current_snapshot()) x
        where not exists (select from pg_stat_activity a
          where a.backend_xid = x::xid and a.datname <> current_database())
        order by x limit 1),
      pg_snapshot_xmax(pg_current_snapshot()))
  $$;
revoke execute on function commit_horizon from public;
grant execute on function commit_horizon to wardline_app;
