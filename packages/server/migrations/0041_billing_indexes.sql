-- concurrently
-- Whose customer it is, and whose writing ends: looked for by every event of Stripe and every minute.

create unique index concurrently if not exists organizations_stripe_customer on organizations (stripe_customer_id)
  where stripe_customer_id is not null;
create unique index concurrently if not exists patients_stripe_customer on patients (stripe_customer_id)
  where stripe_customer_id is not null;
create index concurrently if not exists organizations_lapsing on organizations (writes_until) where writes_until is not null;
