-- +goose Up

-- The logo of the installation, as PNG. At most one row; the settings hold the
-- same hash, so that pages know its address without reading it.
create table brand_logo (
    one     boolean primary key default true check (one),
    hash    text not null,
    content bytea not null check (octet_length(content) <= 524288)
);

-- +goose Down
drop table brand_logo;
