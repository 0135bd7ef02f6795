-- The two roles that Postern wants: postern owns the tables and migrates them,
-- postern_run is what Postern runs as. It gets its rights from "console migrate"
-- and can change neither tables nor what stands in the audit. Neither is a
-- superuser. Passwords come from the environment.
--
-- docker-compose.yml runs this when the database is made. Elsewhere, as a
-- superuser, in the database that is Postern's, with the same variables set:
--   psql --dbname=postern --file=scripts/roles.sql
\getenv owner_password POSTERN_DB_PASSWORD
\getenv run_password POSTERN_DB_RUN_PASSWORD

create role postern login password :'owner_password';
create role postern_run login password :'run_password';
select format('alter database %I owner to postern', current_database()) \gexec
select format('revoke connect, temporary on database %I from public', current_database()) \gexec
select format('grant connect on database %I to postern_run', current_database()) \gexec
