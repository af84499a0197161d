-- What came after 0.4.0. On a million photos it takes some seconds, most of them for the two indexes of photos.
--
-- Lost on purpose: login_failures, which counted the tries of the last minutes.

alter table users add column sort_name text collate "C" not null generated always as (
    left(btrim(regexp_replace(regexp_replace(replace(replace(replace(
        translate(lower(normalize(display_name, nfkd) collate "und-x-icu"), 'øłđðħı', 'olddhi'),
        'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'),
        '[\u0300-\u036f]', '', 'g'),
        '[[:space:][:punct:]]+' collate "und-x-icu", ' ', 'g')), 60)) stored;

create table name_words (
    word    text collate "C" not null,
    userid  bigint           not null
);

insert into name_words (word, userid)
select distinct word, u.id
from   users u,
       unnest(string_to_array(u.sort_name || ' ' || replace(u.name, '-', ' '), ' ')) word
where  word <> '';

alter table name_words add constraint name_words_pkey primary key (word, userid);
alter table name_words add constraint name_words_user foreign key (userid) references users (id) on delete cascade;

alter table photos add column sha256 bytea;
alter table photos add constraint photos_sha256_length check (length(sha256) = 32);

drop table login_failures;

create table known_browsers (
    userid      bigint       not null,
    token_hash  bytea        not null,
    expires_at  timestamptz  not null,
    constraint known_browsers_token_hash_length check (length(token_hash) = 32)
);
alter table known_browsers add constraint known_browsers_pkey primary key (userid, token_hash);
alter table known_browsers add constraint known_browsers_user foreign key (userid) references users (id) on delete cascade;

create unlogged table upload_places (
    userid      bigint       not null,
    place       smallint     not null,
    lease       uuid         not null,
    expires_at  timestamptz  not null
);
alter table upload_places add constraint upload_places_pkey primary key (userid, place);
alter table upload_places add constraint upload_places_user foreign key (userid) references users (id) on delete cascade;

create table rate_limits (
    kind        text              not null,
    bucket      integer           not null,
    level       double precision  not null,
    counted_at  timestamptz       not null,
    not_before  timestamptz       not null,
    constraint rate_limits_kind check (kind in ('pair', 'address', 'account', 'browser', 'sign-up')),
    constraint rate_limits_bucket check (bucket between 0 and 131071)
) with (fillfactor = 50);
alter table rate_limits add constraint rate_limits_pkey primary key (kind, bucket);

-- One led by the owner belongs to the userid index: created only where that index is there, so that a site whose index
-- is dropped for a demonstration stays so; `flickr-killr index create` makes all of them.
do $$
begin
    if exists (select from pg_indexes where schemaname = current_schema() and indexname = 'photos_userid_taken') then
        create index photos_userid_taken_public on photos (userid, taken_at desc, id desc) where visibility = 'public';
    end if;
end
$$;
create index photos_public on photos (id desc) include (userid) where visibility = 'public';
create index users_sort_name on users (sort_name, id);
create index users_public_photo_count on users (public_photo_count desc, id desc);
create index sessions_userid on sessions (userid, expires_at desc);
create index known_browsers_token_hash on known_browsers (token_hash);
create index known_browsers_expires_at on known_browsers (expires_at);
analyze users;
analyze photos;
analyze name_words;

-- The version of the schema is the last migration from here on.
delete from flickr_killr where key = 'schema';
