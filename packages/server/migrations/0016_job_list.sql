-- The list of jobs: newest first, of all queues or one (pg-boss has an index by queue), mostly those that failed for good.
create index wardline_jobs_created on jobs.job_common (created_on desc, id desc);
create index wardline_jobs_failed on jobs.job_common (created_on desc, id desc) where state = 'failed';
create index wardline_jobs_id on jobs.job_common (id);
