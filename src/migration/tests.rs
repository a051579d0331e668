//! What is safe, what is not, and that nothing that is run is taken for a comment or a text.

use super::judge;
use crate::config::limits::deploys::MIGRATION_FINDINGS;
use crate::model::deploy::Risk;
use proptest::prelude::*;

const SAFE: [&str; 16] = [
    "create table carts (id bigint primary key, note text default 'drop table users; --')",
    "create table if not exists carts (id bigint)",
    "alter table users add column nick text",
    "ALTER TABLE ONLY public.users ADD COLUMN IF NOT EXISTS nick varchar(20) NULL, add age int not null default 7",
    "alter table users add column shop_id bigint references shops (id)",
    "alter table users alter column nick set default 'nobody'",
    "alter table users validate constraint nick_is_short",
    "create index concurrently users_nick on users (lower(nick))",
    "create table carts (id bigint); create index carts_id on carts (id); alter table carts add check (id > 0)",
    "create table carts (id bigint); insert into carts values (1)",
    "create type mood as enum ('good', 'bad')",
    "create schema if not exists shop",
    "comment on table users is $$drop table users;$$",
    "begin; set local lock_timeout = '2s'; alter table users add nick text; commit;",
    "-- drop table users\n/* truncate users; */ create table a (b int) -- 'x",
    "create table \"drop table users\" (\"truncate\" int)",
];

const RISKY: [&str; 20] = [
    "drop table users",
    "drop index concurrently users_nick",
    "alter table users drop column email",
    "alter table users add a int, drop email",
    "alter table users rename column email to mail",
    "alter table users rename to people",
    "alter type mood rename value 'good' to 'fine'",
    "alter table users alter column email set not null",
    "alter table users alter email type varchar(20)",
    "alter table users alter column email set data type text",
    "alter table users add column nick text not null",
    "alter table users add column nick text not null default null",
    "alter table users add constraint short check (length(nick) < 9)",
    "create index users_nick on users (nick)",
    "create unique index concurrently users_nick on users (nick)",
    "truncate users",
    "delete from users",
    "update users set nick = (select name from names where names.id = users.id)",
    "alter table users add column n bigserial",
    "lock table users",
];

const UNKNOWN: [&str; 22] = [
    "",
    " -- nothing\n;;",
    "do $$ begin execute 'drop table users'; end $$",
    "select setval('a', 1)",
    "delete from users where id = 1",
    "update users set nick = 'x' where nick is null",
    "insert into users values (1)",
    "create or replace view seen as select 1",
    "create function f() returns int as $$ select 1 $$ language sql",
    "create table a as select * from users",
    "set search_path to shop",
    "alter table users add column at timestamptz not null default clock_timestamp()",
    "alter table users add constraint short check (length(nick) < 9) not valid",
    "pragma foreign_keys = off",
    "create table a (b int default 'x\\'); drop table users; --')",
    "create table a (b int) /* /* */ ; drop table users; /* */ */",
    "create table a (b int) /*! ; drop table users */",
    "create table a (b int) -- x\r; drop table users",
    "create table [it's] (a int); drop table users; create table [it's] (b int)",
    "create table a (b int) # '\n; drop table users; -- '",
    "\\i drop.sql\ncreate table a (b int)",
    "create table a (b text default 'open",
];

fn risk(text: &str) -> Risk {
    judge(text).risk
}

#[test]
fn statements_are_what_they_are() {
    for (wanted, all) in [(Risk::Safe, &SAFE[..]), (Risk::Risky, &RISKY), (Risk::Unknown, &UNKNOWN)] {
        for text in all {
            let judged = judge(text);
            assert_eq!(judged.risk, wanted, "{text}: {judged:?}");
            assert_eq!(judged.findings.is_empty(), wanted == Risk::Safe, "{text}: {judged:?}");
        }
    }
}

#[test]
fn a_finding_names_the_line_and_the_thing() {
    let text = "-- what was asked for\ncreate table a (b int);\n\nalter table users\n  add nick text,\n  drop column email;\ncreate index i on users (nick);";
    let judged = judge(text);
    assert_eq!(
        judged.findings,
        [
            "line 6 drops email of users",
            "line 7 creates an index on users without `concurrently`: nobody writes meanwhile"
        ]
    );
    assert_eq!(judged.takes_away.as_deref(), Some("line 6 drops email of users"));
    let held_up = judge("create index i on users (nick)");
    assert_eq!((held_up.risk, held_up.takes_away), (Risk::Risky, None), "code from before lives with it");
}

#[test]
fn what_is_risky_is_told_before_a_flood_of_what_is_not_known() {
    let judged = judge(&("select 1;\n".repeat(1000) + "drop table users"));
    assert_eq!(judged.findings.len(), MIGRATION_FINDINGS);
    assert_eq!(judged.findings[0], "line 1001 drops the table users");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_none_is_safe_without_a_word(text in "(?s)[-a-eE'\"${}/*;()\\[\\] \n\r\\\\é]{0,80}") {
        let judged = judge(&text);
        prop_assert!(judged.findings.iter().all(|finding| !finding.contains('\n') && finding.len() < 400));
        if !text.contains(|c: char| c.is_alphabetic()) {
            prop_assert_ne!(judged.risk, Risk::Safe);
        }
    }

    #[test]
    fn one_risky_statement_among_safe_ones_is_found_wherever_it_stands(
        before in proptest::sample::subsequence(SAFE.to_vec(), 0..4),
        risky in proptest::sample::select(RISKY.to_vec()),
        after in proptest::sample::subsequence(SAFE.to_vec(), 0..4),
        between in proptest::sample::select(vec![";", ";\n", " ; -- ' \n", ";/* $$ */", "\n;\r\n"]),
    ) {
        let all: Vec<_> = before.into_iter().chain([risky]).chain(after).map(|text| text.trim_end_matches(" -- 'x")).collect();
        // A table of the same name made before would be theirs.
        prop_assert_eq!(risk(&all.join(between)), Risk::Risky, "{}", all.join(between));
    }

    #[test]
    fn what_stands_in_texts_names_and_comments_is_not_run(
        words in proptest::sample::select(RISKY.to_vec()),
        tag in "[a-z]{0,3}",
    ) {
        let plain = words.replace('\'', "");
        for text in [
            format!("create table a (b text default '{plain};')"),
            format!("comment on table a is ${tag}$;{words};${tag}$"),
            format!("create table a (b int) /* ;{words}; */"),
            format!("create table a (b int) -- ;{words};"),
            format!("create table \"{plain};\" (b int)"),
        ] {
            prop_assert_eq!(risk(&text), Risk::Safe, "{}", text);
        }
    }
}
