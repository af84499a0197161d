//! The fifteen traps of nginx and memcached that this crate was built around, and the tests that step on each.
//!
//! Where the memcached of a whole site listens is checked by the tests of the supervisor
//! (`nothing_of_a_site_listens_for_the_world`).

use std::collections::BTreeSet;
use std::process::Command;

/// What goes wrong elsewhere, and the tests here that would detect it.
const TRAPS: [(&str, &[&str]); 15] = [
    (
        "a key of 251 escaped bytes, 84 spaces, a newline, %00, /a%3Fb?c against /a?b?c",
        &[
            "keys::long_and_odd_urls_put_no_memcached_out_of_service",
            "keys::disguised_urls_put_no_memcached_aside_and_nothing_wrong_into_one",
            "mirror::for_any_target_nginx_has_the_key_and_asks_the_server_of_the_crate",
        ],
    ),
    (
        "the hash is over the unescaped key, the item lies under the escaped one",
        &[
            "keys::what_would_have_to_be_escaped_is_asked_of_no_memcached",
            "properties::a_key_is_a_prefix_and_the_path_with_nothing_to_escape_or_to_normalise",
        ],
    ),
    (
        "IPv6 with brackets, a unix socket, no port, a weight, two names for one address",
        &[
            "mirror::sockets_names_and_missing_ports_lie_where_nginx_puts_them",
            "front::no_server_has_a_weight_or_a_name",
        ],
    ),
    (
        "a failed server comes back with old bytes",
        &[
            "coherence::a_frozen_memcached_that_misses_a_purge_is_killed_and_comes_back_empty",
            "coherence::a_purge_that_a_server_missed_is_told_to_it_when_it_answers",
            "coherence::a_purge_that_a_server_did_not_confirm_says_so",
        ],
    ),
    (
        "an empty file, one byte, exactly the limit, one more and one less, a file that grows",
        &[
            "limits::an_item_may_have_no_byte_or_one_or_as_many_as_the_options_say_and_no_more",
            "limits::an_item_that_memcached_finds_too_large_trips_nothing",
            "limits::a_file_that_grows_or_shrinks_while_it_is_read_is_not_stored",
        ],
    ),
    (
        "a lease (`mg N`) on a served key is an empty file; `md x` is unknown before 1.6.27",
        &["lies_to_writer::only_words_that_every_server_knows_and_no_lease_are_ever_said"],
    ),
    (
        "a lifetime of 30 days, a second more, none",
        &[
            "limits::no_lifetime_is_taken_for_a_date_or_for_ever",
            "limits::a_lifetime_of_its_own_is_kept_to_the_second",
        ],
    ),
    (
        "a storm of HEAD, a range of a gzipped item, several ranges, If-Range with a wrong tag",
        &[
            "limits::a_storm_of_heads_costs_memcached_nothing",
            "equality::a_hit_equals_a_miss_in_every_header_and_byte",
        ],
    ),
    (
        "a client without gzip, with Via, with br alone, with gzip;q=0",
        &[
            "equality::a_hit_equals_a_miss_in_every_header_and_byte",
            "equality::text_is_kept_gzipped_and_inflated_for_those_who_ask",
        ],
    ),
    (
        "a POST or a HEAD with If-None-Match; what a 304 carries",
        &[
            "equality::a_validation_asks_neither_memcached_nor_the_application",
            "equality::a_hit_equals_a_miss_in_every_header_and_byte",
        ],
    ),
    (
        "out of memory, a connection that ends in the middle of a store, an answer after the time-out",
        &[
            "lies_to_writer::a_lie_to_a_store_counts_as_not_stored_and_ends_the_connection",
            "lies_to_writer::a_connection_that_ends_in_the_middle_of_a_store_is_survived",
            "lies_to_writer::an_item_that_may_have_arrived_is_taken_back",
            "lies_to_nginx::an_answer_that_belongs_to_the_request_before_is_a_miss",
        ],
    ),
    (
        "a purge while a picture is made",
        &[
            "coherence::a_picture_that_was_read_before_its_purge_is_not_stored_after_it",
            "coherence::a_picture_that_another_process_deleted_is_not_stored",
        ],
    ),
    (
        "nginx reloads while pushes run; an include is missing or half written",
        &[
            "rollout::a_reload_while_pushes_run_fails_no_request",
            "rollout::an_include_that_is_missing_or_half_written_leaves_nginx_as_it_was",
            "rollout::an_include_is_replaced_whole_or_not_at_all",
        ],
    ),
    (
        "two versions of the site push the same URL",
        &["rollout::two_versions_that_push_the_same_url_never_mix_and_either_can_purge_it"],
    ),
    (
        "memcached has no connection left; its socket is closed to nginx; it listens for the world",
        &[
            "limits::a_memcached_without_free_connections_is_a_miss",
            "limits::a_socket_of_memcached_that_nginx_may_not_open_is_a_miss",
        ],
    ),
];

#[test]
fn every_trap_has_tests_that_run() {
    let list = |more: &[&str]| -> BTreeSet<String> {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let listed = command.arg("--list").args(more).output().unwrap();
        let text = String::from_utf8(listed.stdout).unwrap();
        text.lines()
            .filter_map(|line| line.strip_suffix(": test").map(str::to_owned))
            .collect()
    };
    let (all, ignored) = (list(&[]), list(&["--ignored"]));
    assert_eq!(
        ignored,
        BTreeSet::new(),
        "a test that does not run proves nothing"
    );
    for (trap, tests) in TRAPS {
        for test in tests {
            assert!(all.contains(*test), "{trap}: there is no test {test}");
        }
    }
}
