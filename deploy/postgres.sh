#!/bin/sh
# Run by PostgreSQL's image when its data folder is new: the database, and its owner, who is no superuser.
set -eu
psql --set ON_ERROR_STOP=1 --username postgres <<'SQL'
\getenv password OWNER_PASSWORD
create role wardline_owner login createrole password :'password';
create database wardline owner wardline_owner template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C';
revoke all on database wardline from public;
SQL
