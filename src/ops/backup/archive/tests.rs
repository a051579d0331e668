//! Archives as `pg_dump` writes them, made by hand: counted exactly however they are cut into pieces, and never wrongly.

use super::*;
use proptest::prelude::*;

fn int(out: &mut Vec<u8>, value: i64) {
    out.push(u8::from(value < 0));
    let bytes = i32::try_from(value.abs()).unwrap().to_le_bytes();
    out.extend(bytes);
}

fn text(out: &mut Vec<u8>, text: Option<&str>) {
    int(out, text.map_or(-1, |text| text.len() as i64));
    out.extend(text.unwrap_or_default().as_bytes());
}

fn entry(out: &mut Vec<u8>, (id, schema, name, what): (i64, &str, &str, &str), version: u8) {
    int(out, id);
    int(out, i64::from(what == "TABLE DATA"));
    text(out, Some("1259"));
    text(out, Some("16384"));
    text(out, Some(name));
    text(out, Some(what));
    int(out, 3);
    text(out, Some("CREATE TABLE …"));
    text(out, None);
    text(out, Some(&format!("COPY {schema}.{name} (id, app, \"a name\") FROM stdin;\n")));
    text(out, Some(schema));
    text(out, Some(""));
    if version >= 14 {
        text(out, Some("heap"));
    }
    if version >= 16 {
        int(out, i64::from(b'r'));
    }
    text(out, Some("owner"));
    text(out, Some("false"));
    text(out, Some("215"));
    text(out, None);
    out.extend([1; 9]);
}

/// An archive of tables with their rows, cut into blocks of so many bytes.
fn archive(version: u8, tables: &[(&str, Vec<String>)], cut: usize) -> Vec<u8> {
    let mut out = b"PGDMP".to_vec();
    out.extend([1, version, 0, 4, 8, 1]);
    match version >= 15 {
        true => out.push(0),
        false => int(&mut out, 0),
    }
    (0..7).for_each(|part| int(&mut out, part));
    for word in ["shop", "17.2 (Debian)", "17.4"] {
        text(&mut out, Some(word));
    }
    int(&mut out, 3 + tables.len() as i64);
    entry(&mut out, (1, "", "ENCODING", "ENCODING"), version);
    entry(&mut out, (2, "public", "orders orders_pkey", "CONSTRAINT"), version);
    entry(&mut out, (3, "public", "orders_note", "INDEX"), version);
    for ((name, _), id) in tables.iter().zip(10..) {
        entry(&mut out, (id, "public", name, "TABLE DATA"), version);
    }
    for ((_, rows), id) in tables.iter().zip(10..) {
        out.push(BLOCK_DATA);
        int(&mut out, id);
        let data: String = rows.iter().map(|row| format!("{row}\n")).collect::<String>() + "\\.\n\n\n";
        for piece in data.as_bytes().chunks(cut.max(1)) {
            int(&mut out, piece.len() as i64);
            out.extend(piece);
        }
        int(&mut out, 0);
    }
    out
}

fn read(bytes: &[u8], cut: usize) -> Result<(Vec<Counted>, Vec<Migration>), String> {
    let mut archive = Archive::new(true);
    bytes.chunks(cut.max(1)).for_each(|piece| archive.push(piece));
    archive.finish()
}

fn shop() -> Vec<(&'static str, Vec<String>)> {
    let migrations = ["9\tshop\t0009_a", "10\tshop\t0010_b", "2\tauth\t0001_c"].map(str::to_owned).to_vec();
    vec![
        ("orders", vec!["1\tana".to_owned(), "2\t\\\\.".to_owned()]),
        ("nothing", vec![]),
        ("django_migrations", migrations),
    ]
}

#[test]
fn tables_rows_and_the_last_migration_are_counted_in_every_version() {
    for version in 12..=16 {
        let bytes = archive(version, &shop(), 7);
        let (tables, migrations) = read(&bytes, 3).unwrap();
        let mut archive = Archive::new(false);
        bytes.chunks(5).for_each(|piece| archive.push(piece));
        assert_eq!(archive.constraints().unwrap(), ["public.orders orders_pkey", "public.orders_note"]);
        let counts: Vec<_> = tables.iter().map(|table| (&*table.schema, &*table.table, table.rows)).collect();
        assert_eq!(counts, [("public", "django_migrations", 3), ("public", "nothing", 0), ("public", "orders", 2)]);
        let latest: Vec<_> = migrations[0].latest.iter().map(|(column, value)| (&**column, &**value)).collect();
        assert_eq!(latest, [("a name", "0010_b"), ("app", "shop"), ("id", "10")], "ten is more than nine");
        assert_eq!((&*migrations[0].table, migrations[0].applied), ("public.django_migrations", 3));
    }
}

#[test]
fn the_sum_is_that_of_the_rows_in_any_order_and_changes_with_any_of_them() {
    let sum = |rows: &[&str]| {
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        read(&archive(16, &[("t", rows)], 1000), 1000).unwrap().0[0].sum.unwrap().to_string()
    };
    assert_eq!(sum(&["a", "b"]), sum(&["b", "a"]));
    assert_ne!(sum(&["a", "b"]), sum(&["a", "c"]));
    assert_ne!(sum(&["a", "a"]), sum(&["a"]));
    assert_eq!(sum(&[]), "0".repeat(32));
    // As `printf a | sha256sum` begins.
    assert_eq!(sum(&["a"]), "ca978112ca1bbdcafac231b39a23dc4d");
}

#[test]
fn where_it_breaks_off_is_told_from_what_is_not_understood() {
    let mut bytes = archive(16, &shop(), 11);
    let cut_off = |bytes: &[u8]| {
        let mut archive = Archive::new(true);
        archive.push(bytes);
        archive.cut_off()
    };
    assert_eq!(cut_off(&bytes), None);
    assert_eq!(cut_off(&bytes[..3]).as_deref(), Some("it ends within its head"));
    assert_eq!(cut_off(&bytes[..bytes.len() - 3]).as_deref(), Some("it ends in the middle of a block of data"));
    // Of a later version nobody can tell.
    bytes[6] = 99;
    assert_eq!(cut_off(&bytes[..bytes.len() - 3]), None);
}

#[test]
fn what_is_not_understood_is_said_and_never_counted() {
    let good = archive(16, &shop(), 50);
    let mut other = good.clone();
    other[6] = 17;
    let mut packed = good.clone();
    packed[11] = 3;
    let said = |bytes: &[u8]| read(bytes, 100).unwrap_err();
    insta::assert_snapshot!([&other[..], &packed, b"PK\x03\x04", b"PGD", &good[..good.len() - 1], b"PGDMP\x01\x10\x00\x04\x08\x03\x00"].map(said).join("\n"), @"
    it is of the format version 1.17; 1.12 to 1.16 are understood
    its data is compressed within
    it is no archive of pg_dump in the custom format
    it ends within its head
    it ends in the middle of a block of data
    it is an archive in another format (3) than the custom one
    ");
}

proptest! {
    #[test]
    fn however_it_is_cut_the_counts_are_the_same(
        rows in prop::collection::vec("[a-z\\\\.\t]{0,12}", 0..40), inner in 1_usize..30, outer in 1_usize..300,
    ) {
        let rows: Vec<String> = rows.into_iter().map(|row| if row == "\\." { "x".to_owned() } else { row }).collect();
        let count = rows.len() as u64;
        let bytes = archive(16, &[("t", rows.clone())], inner);
        let counted = read(&bytes, outer).unwrap().0;
        prop_assert_eq!(counted[0].rows, count);
        let whole = read(&archive(16, &[("t", rows)], 1 << 20), 1 << 20).unwrap().0;
        prop_assert_eq!(&counted, &whole);
    }

    #[test]
    fn one_that_is_cut_short_or_changed_never_makes_it_panic(at in 0_usize..1000, byte: u8, cut in 1_usize..64, end in 0_usize..1000) {
        let mut bytes = archive(16, &shop(), 11);
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(end % (length + 1));
        let _ = read(&bytes, cut);
        let cut_short = archive(15, &shop(), 11);
        prop_assert!(read(&cut_short[..end % cut_short.len()], cut).is_err(), "half an archive is none");
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 1_usize..64) {
        let mut archive = b"PGDMP\x01\x10\x00\x04\x08\x01\x00".to_vec();
        archive.extend(&bytes);
        let _ = (read(&bytes, cut), read(&archive, cut));
    }
}
