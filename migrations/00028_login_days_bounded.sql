-- +goose Up

-- Anybody can ask for a connection that does not exist, under any name: such
-- logins are counted together.
insert into login_days (day, connection, outcome, code, part, count)
select day, '', outcome, code, part, sum(count) from login_days
where connection <> '' and connection not in (select slug from connections)
group by day, outcome, code, part
on conflict (day, connection, outcome, code, part) do update set count = login_days.count + excluded.count;
delete from login_days where connection <> '' and connection not in (select slug from connections);

-- +goose Down
-- The names are gone.
select 1;
