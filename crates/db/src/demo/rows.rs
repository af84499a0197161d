//! The rows of each table, in the order of its columns in `db::load`.

use demo_data::World;
use tokio::sync::mpsc::Sender;

use super::write::{Piece, Writer};
use crate::load::Table;

/// The approximate number of all rows.
pub(super) fn total_about(world: &World) -> u64 {
    world.user_count()
        + world.photo_count()
        + world.follow_count()
        + world.favorite_count()
        + world.comment_count()
        + world.photo_tag_count_about()
        + world.photo_month_count_about()
}

/// Makes all rows of a table. Returns false if the receiver was closed before the last.
pub(super) fn make(table: Table, world: &World, to: &Sender<Piece>) -> bool {
    let mut out = Writer::new(to);
    let whole = match table {
        Table::Users => users(world, &mut out),
        Table::Photos => photos(world, &mut out),
        Table::RecentPhotos => recent_photos(world, &mut out),
        Table::PhotoMonths => photo_months(world, &mut out),
        Table::Tags => tags(world, &mut out),
        Table::PhotoTags => photo_tags(world, &mut out),
        Table::Comments => comments(world, &mut out),
        Table::Favorites => favorites(world, &mut out),
        Table::Follows => follows(world, &mut out),
    };
    whole && out.end()
}

fn users(world: &World, out: &mut Writer<'_>) -> bool {
    world.users().all(|user| {
        let wanted = out.row(10);
        out.int8(user.id);
        out.text(&user.name);
        out.text(&user.display_name);
        out.text(&user.about);
        out.moment(user.created_at);
        out.int4(user.public_photo_count);
        out.int4(user.contacts_photo_count);
        out.int4(user.private_photo_count);
        out.int4(user.follower_count);
        out.int4(user.followee_count);
        wanted
    })
}

fn photos(world: &World, out: &mut Writer<'_>) -> bool {
    world.photos().all(|photo| {
        let wanted = out.row(15);
        out.int8(photo.id);
        out.int8(photo.userid);
        out.text(&format!("drawn:{}", photo.scene_seed));
        out.bytes(&photo.token);
        out.text(&photo.title);
        out.text(&photo.description);
        out.int4(photo.width);
        out.int4(photo.height);
        out.int2(photo.tone);
        out.text(photo.visibility.name());
        out.moment(photo.taken_at);
        out.moment(photo.created_at);
        out.int8(photo.view_count as i64);
        out.int4(photo.favorite_count);
        out.int4(photo.comment_count);
        wanted
    })
}

fn recent_photos(world: &World, out: &mut Writer<'_>) -> bool {
    world.recent_photos().all(|recent| {
        let wanted = out.row(2);
        out.int8(recent.photo_id);
        out.int8(recent.userid);
        wanted
    })
}

fn photo_months(world: &World, out: &mut Writer<'_>) -> bool {
    world.photo_months().all(|month| {
        let wanted = out.row(5);
        out.int8(month.userid);
        out.date(month.month_at);
        out.int4(month.public_count);
        out.int4(month.contacts_count);
        out.int4(month.private_count);
        wanted
    })
}

fn tags(world: &World, out: &mut Writer<'_>) -> bool {
    world.tags().all(|tag| {
        let wanted = out.row(2);
        out.int8(tag.id);
        out.text(&tag.name);
        wanted
    })
}

fn photo_tags(world: &World, out: &mut Writer<'_>) -> bool {
    world.photo_tags().all(|tag| {
        let wanted = out.row(3);
        out.int8(tag.photo_id);
        out.int8(tag.tag_id);
        out.int8(tag.userid);
        wanted
    })
}

fn comments(world: &World, out: &mut Writer<'_>) -> bool {
    world.comments().all(|comment| {
        let wanted = out.row(6);
        out.int8(comment.id);
        out.int8(comment.photo_id);
        out.int8(comment.userid);
        out.int8(comment.author_id);
        out.text(&comment.body);
        out.moment(comment.created_at);
        wanted
    })
}

fn favorites(world: &World, out: &mut Writer<'_>) -> bool {
    world.favorites().all(|favorite| {
        let wanted = out.row(4);
        out.int8(favorite.photo_id);
        out.int8(favorite.fan_id);
        out.int8(favorite.userid);
        out.moment(favorite.created_at);
        wanted
    })
}

fn follows(world: &World, out: &mut Writer<'_>) -> bool {
    world.follows().all(|follow| {
        let wanted = out.row(2);
        out.int8(follow.follower_id);
        out.int8(follow.followee_id);
        wanted
    })
}
