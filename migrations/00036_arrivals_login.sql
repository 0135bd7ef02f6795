-- +goose Up

-- Which login an arrival belongs to, and which answer of AWS let the person in,
-- so that the browser can be told when that answer comes a second time.
alter table arrivals add column login_id text not null default '';
alter table arrivals add column assertion_id text not null default '';
update schema set version = greatest(version, 36);

-- +goose Down
alter table arrivals drop column assertion_id;
alter table arrivals drop column login_id;
