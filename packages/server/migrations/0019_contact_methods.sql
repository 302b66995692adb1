-- Contact methods: validated, versioned, never the same twice; and what the patient said about automated messages.

-- A patient without a sign-in says it to the practice; one with a sign-in also in the own preferences. Either "no" is one.
alter table patients add column transactional_consent boolean not null default true;

alter table contact_methods add column version integer not null default 1 check (version > 0);
alter table contact_methods add constraint contact_methods_form
  check (case when type = 'EMAIL' then value ~ '^[^@\s]+@[^@\s]+$' else value ~ '^\+[1-9][0-9]{6,14}$' end);
-- Twice the same with two opinions on its safety would be one too many.
create unique index contact_methods_value on contact_methods (patient_id, type, lower(value));
