//! The site has a role of its own in its database, which is no superuser; an older cluster gets it at start.

use sqlx::{Connection as _, PgConnection, raw_sql};

use super::site::{Site, folder, program, run};

async fn at(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("a database")
}

fn url_of_site(site: &Site) -> String {
    site.record()["database_url"]
        .as_str()
        .expect("a URL")
        .to_owned()
}

async fn text(database: &mut PgConnection, sql: &'static str) -> String {
    sqlx::query_scalar(sql)
        .fetch_one(database)
        .await
        .expect(sql)
}

/// Who owns the tables and types, each once.
const OWNERS: &str = "select string_agg(distinct pg_get_userbyid(owner)::text, ' ')
    from (select relowner as owner from pg_class
           where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'i')
          union select typowner from pg_type where typnamespace = 'public'::regnamespace) o";

#[tokio::test(flavor = "multi_thread")]
async fn an_app_can_do_nothing_in_the_database_that_only_a_superuser_may() {
    let dir = folder();
    let site = tokio::task::block_in_place(|| Site::ready(dir.path()));
    let mut database = at(&url_of_site(&site)).await;
    let role = "select current_user || ' ' || current_setting('is_superuser')";
    assert_eq!(text(&mut database, role).await, "flickr_killr_site off");
    assert_eq!(text(&mut database, OWNERS).await, "flickr_killr_site");
    // 42501 is insufficient_privilege.
    for sql in [
        "copy (select 1) to program 'true'",
        "copy users to '/tmp/people'",
        "select pg_read_file('postgresql.conf')",
        "select lo_export(0, '/tmp/x')",
        "alter system set fsync = off",
        "alter role flickr_killr_site superuser",
        "set role flickr_killr",
        "create role another",
        "create database another",
        "create extension file_fdw",
        "create function f() returns int language c as 'libc'",
        "delete from pg_authid",
    ] {
        let refused = raw_sql(sql).execute(&mut database).await;
        let code = refused.err().and_then(|error| {
            let error = error.as_database_error()?;
            Some(error.code()?.into_owned())
        });
        assert_eq!(code.as_deref(), Some("42501"), "{sql}");
    }
    tokio::task::block_in_place(|| {
        // What the lab and the commands do needs no more than that.
        for words in [["index", "drop"], ["index", "create"], ["index", "status"]] {
            let output = run(program(dir.path(), &words));
            assert!(output.status.success(), "{words:?}: {output:?}");
        }
        site.stop();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_an_older_version_is_given_to_the_role_at_its_next_start() {
    let dir = folder();
    let site = tokio::task::block_in_place(|| Site::ready(dir.path()));
    let url = url_of_site(&site).replace("flickr_killr_site@", "flickr_killr@");
    let mut owner = at(&url).await;
    // As 0.4.0 left it: one role, which owns all and is the superuser.
    for sql in [
        "reassign owned by flickr_killr_site to flickr_killr",
        "drop owned by flickr_killr_site",
        "drop role flickr_killr_site",
    ] {
        raw_sql(sql).execute(&mut owner).await.expect(sql);
    }
    assert_eq!(text(&mut owner, OWNERS).await, "flickr_killr");
    drop(owner);
    tokio::task::block_in_place(|| site.stop());

    let site = tokio::task::block_in_place(|| {
        let mut site = Site::start(dir.path());
        site.wait_for("belong to the role flickr_killr_site now");
        site.wait_for("ready http://");
        site
    });
    let mut database = at(&url_of_site(&site)).await;
    assert_eq!(text(&mut database, OWNERS).await, "flickr_killr_site");
    let people = "select count(*)::text from users";
    assert_eq!(text(&mut database, people).await, "200");
    tokio::task::block_in_place(|| {
        assert!(site.get("/people").starts_with("HTTP/1.1 200"));
        site.stop();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_was_given_too_much_loses_it_at_the_next_start() {
    let dir = folder();
    let site = tokio::task::block_in_place(|| Site::ready(dir.path()));
    let url = url_of_site(&site).replace("flickr_killr_site@", "flickr_killr@");
    let raised = "alter role flickr_killr_site superuser createrole";
    raw_sql(raised)
        .execute(&mut at(&url).await)
        .await
        .expect(raised);
    tokio::task::block_in_place(|| site.stop());
    let site = tokio::task::block_in_place(|| Site::ready(dir.path()));
    let mut database = at(&url_of_site(&site)).await;
    let role =
        "select concat_ws(' ', rolsuper, rolcreaterole) from pg_roles where rolname = current_user";
    assert_eq!(text(&mut database, role).await, "f f");
    tokio::task::block_in_place(|| site.stop());
}
