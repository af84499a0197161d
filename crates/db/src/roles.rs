//! The role of the site in a private cluster.
//!
//! The owner of the cluster is a superuser, which may read files and run programs. App processes, CGI programs, the loader
//! and the commands use a role that owns the tables and has no other rights. It owns them because the lab drops and
//! creates an index, and the loader truncates and fills them.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Creates the role, or revokes rights that it must not have, and makes it the owner of the tables and types in
/// `public`.
///
/// Up to 0.4.0 the owner of the cluster owned the tables. Does nothing if all is done already.
/// Returns the names of the objects with a new owner.
///
/// # Errors
///
/// When the database fails, or the connection's role may not do so.
pub async fn provide(connection: &mut PgConnection, role: &str) -> sqlx::Result<Vec<String>> {
    let mut tx = connection.begin().await?;
    let role_in_sql = quoted(role);
    let is_there: bool =
        sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
            .bind(role)
            .fetch_one(&mut *tx)
            .await?;
    let mut statements = Vec::new();
    if !is_there {
        statements.push(format!("create role {role_in_sql} login"));
    }
    let is_fit: bool = sqlx::query_scalar(
        "select exists (select from pg_roles
                        where rolname = $1 and rolcanlogin
                        and   not (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls))",
    )
    .bind(role)
    .fetch_one(&mut *tx)
    .await?;
    if !is_fit {
        statements.push(format!(
            "alter role {role_in_sql} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
        ));
        statements.push(format!(
            "grant usage, create on schema public to {role_in_sql}"
        ));
    }
    let owned_by_us: Vec<(String, String)> = sqlx::query_as(
        "select 'table', c.relname::text
           from pg_class c
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and c.relowner = (select oid from pg_roles where rolname = current_user)
          union all
         select 'type', t.typname::text
           from pg_type t
          where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'
            and t.typowner = (select oid from pg_roles where rolname = current_user)",
    )
    .fetch_all(&mut *tx)
    .await?;
    for (kind, name) in &owned_by_us {
        let name = quoted(name);
        statements.push(format!("alter {kind} public.{name} owner to {role_in_sql}"));
    }
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(owned_by_us.into_iter().map(|(_, name)| name).collect())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
