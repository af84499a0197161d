//! The program: everything it does is a subcommand of the library's command line.

fn main() -> std::process::ExitCode {
    flickr_killr::cli::main()
}
