-- +goose Up

-- Whom Postern warns, and how. There is one row. What is secret is sealed.
create table warnings (
    id              boolean primary key default true check (id),
    smtp_host       text not null default '',
    smtp_port       int not null default 587,
    smtp_tls        text not null default 'starttls' check (smtp_tls in ('starttls', 'tls', 'none')),
    smtp_user       text not null default '',
    password_sealed bytea,
    mail_from       text not null default '',
    mail_to         text not null default '',
    webhook_url     text not null default '',
    webhook_private boolean not null default false,
    webhook_sealed  bytea,
    calendar_sealed bytea
);
insert into warnings default values;

-- What was told by which way, so that everything is told once. key says what
-- and how urgent.
create table notices (
    key     text not null,
    channel text not null check (channel in ('mail', 'webhook')),
    tries   int not null default 0,
    next_at timestamptz not null,
    sent_at timestamptz,
    problem text not null default '',
    primary key (key, channel)
);

-- +goose Down
drop table notices;
drop table warnings;
