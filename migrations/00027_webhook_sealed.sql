-- +goose Up

-- The address of a webhook is a secret: many services put one into its path. It
-- is sealed like the others, and everybody may see the host. SQL cannot seal:
-- an address that an earlier version kept in webhook_url stays valid, and
-- Postern seals it and empties that column within the first minute.
alter table warnings
    add column webhook_url_sealed bytea,
    add column webhook_shown      text not null default '';

-- +goose Down
alter table warnings
    drop column webhook_url_sealed,
    drop column webhook_shown;
