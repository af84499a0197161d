//! dev
use flickr_killr::config::*;
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(std::env::var("RUST_LOG").unwrap_or("info".into()))
        .init();
    let args: Vec<String> = std::env::args().collect();
    let url = "postgres://postgres@localhost/postgres?host=/tmp/dev/pg";
    if args[1] == "load" {
        let contents = flickr_killr::db::schema::Contents {
            seed: 2007,
            users: args[2].parse()?,
            photos: args[3].parse()?,
        };
        flickr_killr::demo::command(&url.parse()?, contents).await?;
        return Ok(());
    }
    flickr_killr::app::serve(Serve {
        listen: args[2].parse().unwrap(),
        database_url: url.into(),
        database_connections: 16,
        memcached: args
            .get(3)
            .map(|m| m.parse().unwrap())
            .into_iter()
            .collect(),
        originals: "/tmp/dev/originals".into(),
        derivatives: "/tmp/dev/derivatives".into(),
        derivatives_max_bytes: 8 << 30,
        lab: true,
        demo_logins: Some("/tmp/dev/demo-password".into()),
        jobs: args.get(4).is_some(),
    })
    .await
}
