//! The program: a CGI script when a web server starts it as one (version 0.1 of the ladder), and
//! otherwise what its command line asks for.

use flickr_killr::{cgi, cli, environment};

fn main() -> std::process::ExitCode {
    if let Err(error) = environment::without_postgres() {
        return cli::failed(&error);
    }
    if cgi::is_asked() {
        cgi::main()
    } else {
        cli::main()
    }
}
