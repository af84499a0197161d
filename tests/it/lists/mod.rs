//! Lists that go on: cursors, the list of people, explore, and the addresses that lead to them.

mod addresses;
mod audience;
mod cursors;
mod explore;
mod neighbours;
mod people;
mod plans;

use crate::town::Town;

/// Gives a member photos, one row each, taken one after another from a day on; returns their ids.
async fn photos(town: &Town, owner: &str, count: i32, from: &str, visibility: &str) -> Vec<i64> {
    let ids = sqlx::query_scalar(
        "with posted as (
            insert into photos (userid, filename, token, width, height, tone, visibility, taken_at)
            select u.id, 'drawn:' || n, gen_random_uuid(), 3, 2, 0, $4::visibility,
                   $3::timestamptz + n * interval '1 hour'
              from users u, generate_series(0, $2 - 1) n
             where u.name = $1
             order by n
            returning id, userid, visibility, taken_at),
         recent as (
            insert into recent_photos
            select id, userid from posted where visibility = 'public'),
         months as (
            insert into photo_months as m
            select userid, date_trunc('month', taken_at at time zone 'utc')::date,
                   count(*) filter (where visibility = 'public'),
                   count(*) filter (where visibility = 'contacts'),
                   count(*) filter (where visibility = 'private')
              from posted group by 1, 2
            on conflict (userid, month) do update
               set public_count = m.public_count + excluded.public_count,
                   contacts_count = m.contacts_count + excluded.contacts_count,
                   private_count = m.private_count + excluded.private_count),
         counted as (
            update users set public_photo_count = public_photo_count + $2
             where name = $1 and $4 = 'public')
         select id from posted order by id",
    )
    .bind(owner)
    .bind(count)
    .bind(from)
    .bind(visibility)
    .fetch_all(&town.pool)
    .await
    .expect("photos");
    assert_eq!(ids.len(), count as usize);
    ids
}

/// The ids of the photos that a page shows, in order.
fn shown(html: &str) -> Vec<i64> {
    let opened = html.split("class=\"open\" href=\"").skip(1);
    let path = opened.filter_map(|rest| rest.split_once('"'));
    path.filter_map(|(path, _)| path.rsplit_once('/')?.1.parse().ok())
        .collect()
}

/// Where a page's link of that relation leads.
fn link(html: &str, rel: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("<a rel=\"{rel}\" href=\""))?;
    Some(rest.split_once('"')?.0.replace("&#38;", "&"))
}
