//! The contenders: each is started in a folder of its own, with the same bytes behind it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use accelerator::configuration;
use accelerator::nginx::Front;

use crate::Trouble;
use crate::children::{Running, free_address, is_installed, listening, start};
use crate::http::get;
use crate::memcached::{Listens, Memcached};

/// Where Debian's packages install nginx modules.
const MODULES: &str = "/usr/lib/nginx/modules";

/// The modules of srcache and memc; the others need the first.
const SRCACHE_MODULES: [&str; 4] = [
    "ndk_http",
    "ngx_http_set_misc",
    "ngx_http_memc",
    "ngx_http_srcache_filter",
];

/// How a contender proves that its hits come from its cache.
pub(crate) enum Proof {
    /// memcached's own counters and, for the shipped front, `X-Cache`.
    Memcached(Memcached),
    /// A header of each response.
    XCache(&'static str),
    /// `varnishstat`, which finds Varnish by its folder.
    Varnish(PathBuf),
    /// Only a folder is behind it.
    None,
}

/// One contender, started.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// Where the same nginx answers `204` and does nothing else.
    pub(crate) bare: Option<SocketAddr>,
    pub(crate) proof: Proof,
    program: Running,
}

impl Contender {
    /// Its processes, without their children.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let behind = match &self.proof {
            Proof::Memcached(memcached) => Some(memcached.pid()),
            _ => None,
        };
        std::iter::once(self.program.pid()).chain(behind).collect()
    }
}

/// The folders and payloads of a run.
pub(crate) struct Ground<'a> {
    /// A folder for this run alone.
    pub(crate) work: &'a Path,
    /// The folder of files that the peers send or fetch.
    pub(crate) files: &'a Path,
    /// How many processes of nginx, or pools of threads of Varnish, each contender has.
    pub(crate) workers: usize,
    /// The requested paths and their bytes.
    pub(crate) items: &'a [(String, Vec<u8>)],
}

/// The shipped front: its configuration byte by byte, and the addresses as the crate generates them.
pub(crate) async fn shipped(
    ground: &Ground<'_>,
    name: &'static str,
    listens: Listens,
) -> Result<Contender, Trouble> {
    let dir = folder(ground, name)?;
    let memcached = Memcached::start(&dir, listens, ground.workers).await?;
    memcached.fill(ground.items, |path| {
        format!("{}{path}", accelerator::NAMESPACE)
    })?;
    let (address, bare) = (free_address()?, free_address()?);
    configuration::write_to(&dir)?;
    let front = Front {
        user: user(),
        workers: ground.workers,
        pid: dir.join("nginx.pid"),
        error_log: dir.join("error.log"),
        access_log: None,
        site: "A site".into(),
        temp_dir: dir.join("temp"),
        listen: address.to_string(),
        // No process listens: a miss would be an error, and end the run.
        apps: vec![dir.join("nobody")],
        memcached: memcached.tcp().into_iter().collect(),
        copies: 1,
        watch: None,
    };
    front.write_to(&dir)?;
    if let Listens::Unix = listens {
        let server = format!(
            "server {} max_fails=2 fail_timeout=2s;\n",
            memcached.for_nginx()
        );
        std::fs::write(dir.join("memcached.conf"), server.repeat(2))?;
    }
    // paths.conf is included at the http level, so the bare server goes there.
    let mut paths = std::fs::read_to_string(dir.join("paths.conf"))?;
    paths += &format!("server {{ listen {bare}; location / {{ return 204; }} }}\n");
    std::fs::write(dir.join("paths.conf"), paths)?;
    let program = nginx(&dir)?;
    listening(address).await?;
    Ok(Contender {
        name,
        address,
        bare: Some(bare),
        proof: Proof::Memcached(memcached),
        program,
    })
}

/// memcached behind nginx as the documentation shows it.
pub(crate) async fn textbook(
    ground: &Ground<'_>,
    origin: SocketAddr,
) -> Result<Contender, Trouble> {
    let name = "textbook memcached";
    let dir = folder(ground, name)?;
    let memcached = Memcached::start(&dir, Listens::Tcp, ground.workers).await?;
    memcached.fill(ground.items, |path| format!("{path}?"))?;
    let text = include_str!("peers/textbook.conf").replace("MEMCACHED", &memcached.for_nginx());
    let (address, program) = peer(ground, &dir, "", &text, Some(origin)).await?;
    Ok(Contender {
        name,
        address,
        bare: None,
        proof: Proof::Memcached(memcached),
        program,
    })
}

/// nginx that sends files from a folder.
pub(crate) async fn sendfile(ground: &Ground<'_>) -> Result<Contender, Trouble> {
    let name = "nginx sendfile";
    let dir = folder(ground, name)?;
    let (address, program) =
        peer(ground, &dir, "", include_str!("peers/sendfile.conf"), None).await?;
    Ok(Contender {
        name,
        address,
        bare: None,
        proof: Proof::None,
        program,
    })
}

/// nginx with its own cache.
pub(crate) async fn proxy_cache(
    ground: &Ground<'_>,
    origin: SocketAddr,
) -> Result<Contender, Trouble> {
    let name = "nginx proxy_cache";
    let dir = folder(ground, name)?;
    let (address, program) = peer(
        ground,
        &dir,
        "",
        include_str!("peers/proxy_cache.conf"),
        Some(origin),
    )
    .await?;
    warm(address, ground).await?;
    Ok(Contender {
        name,
        address,
        bare: None,
        proof: Proof::XCache("HIT"),
        program,
    })
}

/// OpenResty's modules, if Debian's packages of them are installed.
pub(crate) async fn srcache(
    ground: &Ground<'_>,
    origin: SocketAddr,
) -> Result<Option<Contender>, Trouble> {
    let modules: Vec<_> = SRCACHE_MODULES
        .iter()
        .map(|module| format!("{MODULES}/{module}_module.so"))
        .collect();
    if !modules.iter().all(|module| Path::new(module).is_file()) {
        return Ok(None);
    }
    let name = "srcache+memc";
    let dir = folder(ground, name)?;
    let memcached = Memcached::start(&dir, Listens::Tcp, ground.workers).await?;
    let load: String = modules
        .iter()
        .map(|module| format!("load_module {module};\n"))
        .collect();
    let text = include_str!("peers/srcache.conf").replace("MEMCACHED", &memcached.for_nginx());
    let (address, program) = peer(ground, &dir, &load, &text, Some(origin)).await?;
    warm(address, ground).await?;
    Ok(Some(Contender {
        name,
        address,
        bare: None,
        proof: Proof::Memcached(memcached),
        program,
    }))
}

/// Varnish with everything in memory, if it is installed.
pub(crate) async fn varnish(
    ground: &Ground<'_>,
    origin: SocketAddr,
) -> Result<Option<Contender>, Trouble> {
    if !is_installed("varnishd") {
        return Ok(None);
    }
    let name = "Varnish";
    let dir = folder(ground, name)?;
    let vcl = include_str!("peers/varnish.vcl")
        .replace("HOST", &origin.ip().to_string())
        .replace("PORT", &origin.port().to_string());
    std::fs::write(dir.join("front.vcl"), vcl)?;
    let (address, state) = (free_address()?, dir.join("state"));
    let words = [
        "-F".to_owned(),
        "-n".to_owned(),
        state.display().to_string(),
        "-a".to_owned(),
        address.to_string(),
        "-f".to_owned(),
        dir.join("front.vcl").display().to_string(),
        "-s".to_owned(),
        "malloc,64m".to_owned(),
        "-p".to_owned(),
        format!("thread_pools={}", ground.workers),
    ];
    let program = start("varnishd", words, &dir.join("said"))?;
    listening(address).await?;
    warm(address, ground).await?;
    Ok(Some(Contender {
        name,
        address,
        bare: None,
        proof: Proof::Varnish(state),
        program,
    }))
}

/// A peer's nginx: its own few lines in a frame that all peers share.
async fn peer(
    ground: &Ground<'_>,
    dir: &Path,
    load: &str,
    text: &str,
    origin: Option<SocketAddr>,
) -> Result<(SocketAddr, Running), Trouble> {
    let address = free_address()?;
    let text = text
        .replace("LISTEN", &address.to_string())
        .replace(
            "ORIGIN",
            &origin.map(|origin| origin.to_string()).unwrap_or_default(),
        )
        .replace("FILES", &ground.files.display().to_string())
        .replace("WORK", &dir.display().to_string());
    let user = user()
        .map(|user| format!("user {user};\n"))
        .unwrap_or_default();
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {}/temp/{kind};\n", dir.display()))
        .concat();
    let types = configuration::types();
    let whole = format!(
        "{load}{user}worker_processes {1};\npid {0}/nginx.pid;\nerror_log {0}/error.log;\ndaemon off;\n\
         events {{ worker_connections 4096; }}\nhttp {{\naccess_log off;\nkeepalive_requests 100000;\n\
         server_tokens off;\n{temp}{types}{text}}}\n",
        dir.display(),
        ground.workers,
    );
    std::fs::write(dir.join("nginx.conf"), whole)?;
    let program = nginx(dir)?;
    listening(address).await?;
    Ok((address, program))
}

/// Requests everything twice: the first response is fetched, the second is a hit.
async fn warm(address: SocketAddr, ground: &Ground<'_>) -> Result<(), Trouble> {
    for (path, _) in ground.items.iter().chain(ground.items) {
        get(address, path, "").await?;
    }
    Ok(())
}

fn nginx(dir: &Path) -> Result<Running, Trouble> {
    let words = [
        "-p",
        &dir.display().to_string(),
        "-c",
        "nginx.conf",
        "-e",
        "error.log",
    ]
    .map(str::to_owned);
    start("nginx", words, &dir.join("said"))
}

fn folder(ground: &Ground<'_>, name: &str) -> Result<PathBuf, Trouble> {
    let dir = ground.work.join(name.replace(' ', "-"));
    std::fs::create_dir_all(dir.join("temp"))?;
    Ok(dir)
}

/// Started as root, nginx's workers stay root: the folder is for its owner only.
fn user() -> Option<String> {
    rustix::process::geteuid()
        .is_root()
        .then(|| "root".to_owned())
}
