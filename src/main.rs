//! The program: a CGI script if a web server started it as one (version 0.1 of the ladder), else the command line.

use flickr_killr::{cgi, cli, environment};

fn main() -> std::process::ExitCode {
    if let Err(error) = environment::remove_postgres_variables() {
        return cli::failed(&error);
    }
    if cgi::is_cgi_process() {
        cgi::main()
    } else {
        cli::main()
    }
}
