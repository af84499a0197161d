//! The photostream as anybody would write it first: axum, sqlx, `format!`, and nothing else. The
//! peer that `scripts/bench-photostream` runs beside the site; it sends the same rows in the same markup.

use axum::extract::{Path, State};
use axum::{Router, http::StatusCode, response::Html, routing::get};
use sqlx::{PgPool, Row as _, postgres::PgPoolOptions};
use std::fmt::Write as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(socket)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: forty_lines DATABASE_URL SOCKET");
    };
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .connect(&url)
        .await?;
    let app = Router::new()
        .route("/people/{name}", get(photostream))
        .with_state(pool);
    Ok(axum::serve(tokio::net::UnixListener::bind(socket)?, app).await?)
}

async fn photostream(
    State(pool): State<PgPool>,
    Path(name): Path<String>,
) -> Result<Html<String>, StatusCode> {
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let owner = sqlx::query("select id, display_name, about, public_photo_count, follower_count, followee_count from users where name = $1")
        .bind(&name).fetch_optional(&pool).await.map_err(failed)?.ok_or(StatusCode::NOT_FOUND)?;
    let photos = sqlx::query("select id, token, title, width, height, tone from photos where userid = $1 and visibility = 'public' order by id desc limit 40")
        .bind(owner.get::<i64, _>("id")).fetch_all(&pool).await.map_err(failed)?;
    let mut html = format!(
        "{}<h1>{}</h1><p class=\"about\">{}</p><p class=\"facts\"><span>{} photos</span><span>{} followers</span><span>follows {}</span><a href=\"/people/{name}/archive\">Archive</a></p>\n</div>\n\n<ul class=\"photos\">\n",
        include_str!("forty_lines/head.html"),
        owner.get::<&str, _>("display_name"),
        owner.get::<&str, _>("about"),
        owner.get::<i32, _>("public_photo_count"),
        owner.get::<i32, _>("follower_count"),
        owner.get::<i32, _>("followee_count")
    );
    for photo in photos {
        let (id, token): (i64, uuid::Uuid) = (photo.get("id"), photo.get("token"));
        let (width, height): (i32, i32) = (photo.get("width"), photo.get("height"));
        let picture = format!(
            "/i/{}/{}",
            owner.get::<i64, _>("id"),
            &token.simple().to_string()[..22]
        );
        let _ = write!(
            html,
            "<li class=\"r{} t{}\"><a class=\"open\" href=\"/people/{name}/{id}\">\n<img src=\"{picture}/640.webp\" srcset=\"{picture}/320.webp 320w, {picture}/640.webp 640w, {picture}/1280.webp 1280w\" sizes=\"(max-width:700px) 54vw, 33vw\" width=\"640\" height=\"{}\" loading=\"lazy\" decoding=\"async\" alt=\"{title}\">\n</a><p><a href=\"/people/{name}/{id}\" tabindex=\"-1\">{title}</a></p></li>\n\n",
            100 * width / height,
            photo.get::<i16, _>("tone"),
            640 * height / width,
            title = photo.get::<&str, _>("title")
        );
    }
    html.push_str("</ul>\n</main></body></html>");
    Ok(Html(html))
}
