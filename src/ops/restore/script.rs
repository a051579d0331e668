//! The SQL that restores and drills ask of PostgreSQL; texts only.

use super::TableName;
use super::table::{literal, quoted};

/// What people would call the contents of a database: everything but the system's and the extensions' own.
pub(super) const OBJECTS: &str = "select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
     where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' \
     and not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e');\n";

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
pub(super) fn there(tables: &[TableName]) -> String {
    let line = |(table, nth): (&TableName, usize)| {
        format!("select {nth} where pg_catalog.to_regclass({}) is not null;\n", literal(&table.quoted()))
    };
    tables.iter().zip(0..).map(line).collect()
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

/// Makes an empty database that can hold whatever is written in UTF-8: with the server's own order of letters, and, where that is one of
/// another encoding, with none.
pub(super) fn create_database(name: &str) -> String {
    format!(
        "select format('create database %I template template0 encoding ''UTF8''%s', {}, case when encoding = 6 \
         or datcollate in ('C', 'POSIX') and datctype in ('C', 'POSIX') then '' else ' lc_collate ''C'' lc_ctype ''C''' end) \
         from pg_catalog.pg_database where datname = 'template0' \\gexec\n",
        literal(name)
    )
}

/// The databases whose names begin so.
pub(super) fn databases(prefix: &str) -> String {
    let prefix = literal(prefix);
    format!("select datname from pg_catalog.pg_database where starts_with(datname::text, {prefix}) order by datname;\n")
}
