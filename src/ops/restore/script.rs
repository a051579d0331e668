//! The SQL that restores and drills ask of PostgreSQL; texts only.

use super::TableName;
use super::table::{literal, quoted};

/// What people would call the contents of a database: everything but the system's and the extensions' own.
pub(super) const OBJECTS: &str = "select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
     where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' \
     and not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e');\n";

/// Whether it has a bot's tables, and somebody is connected to it as a bot is. The schema is whatever the bot's role says.
pub(super) const A_BOTS: &str = "select exists (select 1 from pg_catalog.pg_stat_activity \
     where datname = current_database() and application_name = 'drillbell') and (select count(distinct relname) = 4 \
     from pg_catalog.pg_class where relkind = 'r' and relname in ('heads', 'inbox', 'outbox', 'copies'));\n";

/// How many constraints and indexes there are, and how many of them are not valid.
pub(super) const CONSTRAINTS: &str = "select (select count(*) from pg_catalog.pg_constraint c where c.connamespace::regnamespace::text not in ('pg_catalog', 'information_schema')), \
     (select count(*) from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname not like 'pg\\_%'), \
     (select count(*) from pg_catalog.pg_index where not indisvalid), \
     coalesce((select string_agg(conname::text, ', ' order by conname) from (select conname from pg_catalog.pg_constraint where not convalidated order by conname limit 5) x), '');\n";

/// One line a table: its number, its rows, and whether an extension made it, in which case only some of its rows are in a dump.
pub(super) fn counts(tables: &[(usize, &TableName)]) -> String {
    let line = |(nth, table): &(usize, &TableName)| {
        // A large object is a row of the dump, and none of a table that may be counted by everybody.
        if (table.schema.as_str(), table.table.as_str()) == ("pg_catalog", "pg_largeobject") {
            return format!("select {nth}, (select count(*) from pg_catalog.pg_largeobject_metadata), false;\n");
        }
        let name = table.quoted();
        format!(
            "select {nth}, (select count(*) from only {name}), exists (select 1 from pg_catalog.pg_depend where classid = \
             'pg_catalog.pg_class'::regclass and objid = {}::regclass and deptype = 'e');\n",
            literal(&name)
        )
    };
    tables.iter().map(line).collect()
}

/// The numbers of those tables that are there.
pub(super) fn there(tables: &[(usize, &TableName)]) -> String {
    let line = |(nth, table): &(usize, &TableName)| {
        format!("select {nth} where pg_catalog.to_regclass({}) is not null;\n", literal(&table.quoted()))
    };
    tables.iter().map(line).collect()
}

/// A few tables of people that are none of these, in order.
pub(super) fn others(tables: &[TableName]) -> String {
    let names: Vec<String> =
        tables.iter().map(|table| format!("({}, {})", literal(&table.schema), literal(&table.table))).collect();
    let known = if names.is_empty() {
        String::new()
    } else {
        format!("and (n.nspname::text, c.relname::text) not in ({}) ", names.join(", "))
    };
    format!(
        "select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
         where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' {known}\
         and not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') \
         order by 1 limit 6;\n"
    )
}

/// The partitions with rows of a partitioned table that people call so, in order.
pub(super) fn partitions(word: &str) -> String {
    let word = literal(word);
    format!(
        "with recursive tree(oid) as (select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
         where c.relkind = 'p' and {word} in (c.relname, n.nspname || '.' || c.relname) \
         union select i.inhrelid from pg_catalog.pg_inherits i join tree t on t.oid = i.inhparent) \
         select n.nspname || '.' || c.relname from tree t join pg_catalog.pg_class c on c.oid = t.oid \
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' order by 1;\n"
    )
}

fn classes(tables: &[TableName]) -> String {
    let names: Vec<String> = tables.iter().map(|table| format!("{}::regclass", literal(&table.quoted()))).collect();
    if names.is_empty() { "null".to_owned() } else { names.join(", ") }
}

/// Some of what a text of those below answers. Without a path every name is written with its schema.
pub(super) fn some_of(text: &str, from: usize, at_most: usize) -> String {
    format!("set search_path to '';\n{text} order by 1 limit {at_most} offset {from};\n")
}

/// The references from and to tables, as statements: a line with `-` takes one away, a line with `+` makes it anew and checks it.
pub(super) fn references(tables: &[TableName]) -> String {
    let names = classes(tables);
    format!(
        "select unnest(array[format('-alter table %s drop constraint %I;', conrelid::regclass, conname), \
         format('+alter table %s add constraint %I %s;', conrelid::regclass, conname, pg_catalog.pg_get_constraintdef(oid))]) \
         from pg_catalog.pg_constraint where contype = 'f' and conparentid = 0 and (conrelid in ({names}) or confrelid in ({names}))"
    )
}

/// People's triggers, likewise: what they did when the rows were written first is not done again. Each fires afterwards when it did.
pub(super) fn triggers(tables: &[TableName]) -> String {
    let names = classes(tables);
    format!(
        "select unnest(array[format('-alter table %s disable trigger %I;', tgrelid::regclass, tgname), \
         format('+alter table %s enable %strigger %I;', tgrelid::regclass, \
         case tgenabled when 'R' then 'replica ' when 'A' then 'always ' else '' end, tgname)]) \
         from pg_catalog.pg_trigger where not tgisinternal and tgenabled <> 'D' and tgrelid in ({names})"
    )
}

/// Sequences that number the rows go on after the highest number, and never back.
pub(super) fn sequences(tables: &[TableName]) -> String {
    let names = classes(tables);
    format!(
        "select format('+select pg_catalog.setval(%L, m) from (select max(%I)::bigint as m from %s) x, %s s \
         where m <= %s and (m > s.last_value or m = s.last_value and not s.is_called);', \
         q.seqrelid::regclass, a.attname, a.attrelid::regclass, q.seqrelid::regclass, q.seqmax) \
         from pg_catalog.pg_sequence q join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = q.seqrelid \
         and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i') \
         join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid \
         where q.seqincrement > 0 and a.atttypid in (20, 21, 23) and a.attrelid in ({names})"
    )
}

/// Empties tables, all of them at once, so that they may refer to each other.
pub(super) fn truncate(tables: &[TableName]) -> String {
    let names: Vec<String> = tables.iter().map(TableName::quoted).collect();
    if names.is_empty() { String::new() } else { format!("truncate only {};\n", names.join(", only ")) }
}

/// Removes a database with whoever is connected to it.
pub(super) fn drop_database(name: &str) -> [String; 2] {
    let ours = format!(
        "select count(pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity where datname = {} and pid <> pg_backend_pid();\n",
        literal(name)
    );
    [ours, format!("drop database if exists {};\n", quoted(name))]
}

/// Makes an empty database in the encoding of the copy it is for: its rows are the very bytes that they were, and texts in no encoding
/// at all are taken too. It is in UTF-8 where none is known, or the server has none of that name. It has the server's own order of
/// letters, or none where that is one of another encoding.
pub(super) fn create_database(name: &str, encoding: Option<&str>) -> String {
    // From 35 on are the numbers of encodings that a program may write in and no database can be in.
    let number = format!("pg_catalog.pg_char_to_encoding({})", literal(encoding.unwrap_or("UTF8")));
    format!(
        "select format('create database %I template template0 encoding %L%s', {}, pg_catalog.pg_encoding_to_char(wanted), \
         case when encoding = wanted or datcollate in ('C', 'POSIX') and datctype in ('C', 'POSIX') then '' \
         else case when current_setting('server_version_num')::int >= 150000 then ' locale_provider libc' else '' end \
         || ' lc_collate ''C'' lc_ctype ''C''' end) \
         from pg_catalog.pg_database, (select case when {number} between 0 and 34 then {number} else 6 end as wanted) x \
         where datname = 'template0' \\gexec\n",
        literal(name)
    )
}

/// Which of these roles the server does not have, by their numbers.
pub(super) fn missing_roles(roles: &[&str]) -> String {
    let line = |(role, nth): (&&str, usize)| {
        let role = literal(role);
        format!("select {nth} where not exists (select 1 from pg_catalog.pg_roles where rolname = {role});\n")
    };
    roles.iter().zip(0..).map(line).collect()
}

/// Makes roles that may do nothing.
pub(super) fn create_roles<'a>(roles: impl IntoIterator<Item = &'a &'a str>) -> String {
    roles.into_iter().map(|role| format!("create role {};\n", quoted(role))).collect()
}

/// Removes the subscriptions of the database one is in, without a word to the server they are to: that one is not ours.
pub(super) const UNSUBSCRIBE: &str = "select format('alter subscription %I disable', subname), \
     format('alter subscription %I set (slot_name = none)', subname), format('drop subscription %I', subname) \
     from pg_catalog.pg_subscription where subdbid = (select oid from pg_catalog.pg_database where datname = current_database()) \\gexec\n";

/// The databases whose names begin so.
pub(super) fn databases(prefix: &str) -> String {
    let prefix = literal(prefix);
    format!("select datname from pg_catalog.pg_database where starts_with(datname::text, {prefix}) order by datname;\n")
}
