-- +goose Up

-- What one act did is told as one. Each entry but the first of an act names the
-- first; an entry that names none is an act of its own, or begins one.
alter table audit add column act bigint;
create index audit_parts on audit (act, id) where act is not null;
create index audit_acts on audit (id) where act is null;

update schema set version = greatest(version, 32);

-- +goose Down
alter table audit drop column act;
