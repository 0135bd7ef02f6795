-- +goose Up

-- People who came from AWS's portal, between AWS's form and the page that can
-- see who is signed in here already: the session cookie does not travel with a
-- form from another site. Used once, within minutes, by the same browser.
create table arrivals (
    token_hash    bytea primary key,
    browser_hash  bytea not null,
    connection    text not null,
    user_id       uuid not null references users (id) on delete cascade,
    session_epoch int not null,
    auth_at       timestamptz,
    acr           text not null default '',
    until         timestamptz,
    return_to     text not null default '',
    expires_at    timestamptz not null
);
create index arrivals_expiry on arrivals (expires_at);

-- +goose Down
drop table arrivals;
