//! Properties of every key, every ring and every response, on generated inputs.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::LazyLock;

use accelerator::configuration::NGINX_CONF;
use accelerator::policy::{IMMUTABLE, NO_STORE, PRIVATE, PURGEABLE};
use accelerator::{Accelerator, Key, NAMESPACE, Options, Policy, Ring};
use axum::body::Body;
use axum::http::{Request, Response};
use pcre2::bytes::Regex;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use tower::{Layer, ServiceExt, service_fn};

use crate::targets;

/// The two expressions of nginx's key map, run by the regex library that nginx uses.
static RULES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let (_, map) = NGINX_CONF.split_once("$memcached_key {").unwrap();
    let (map, _) = map.split_once("\n    }").unwrap();
    let rules = map
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"~"));
    rules
        .map(|rule| Regex::new(rule.split_once("\" \"v1:$").unwrap().0).unwrap())
        .collect()
});

/// The key that nginx computes of a request.
fn key_of_nginx(method: &str, target: &str) -> Option<String> {
    let request = format!("{method} {target}");
    let captures = RULES
        .iter()
        .find_map(|rule| rule.captures(request.as_bytes()).unwrap())?;
    Some(format!(
        "{NAMESPACE}{}",
        std::str::from_utf8(&captures[1]).unwrap()
    ))
}

/// How nginx would write a key on the wire (`NGX_ESCAPE_MEMCACHED`).
fn escaped(key: &str) -> String {
    key.bytes()
        .map(|byte| match byte {
            0..=b' ' | b'%' => format!("%{byte:02X}"),
            _ => char::from(byte).to_string(),
        })
        .collect()
}

/// Servers of all kinds that an upstream can name, none twice.
fn servers() -> impl Strategy<Value = Vec<String>> {
    let server = prop_oneof![
        "10\\.[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,2}:[1-9][0-9]{0,4}",
        "\\[fd00::[0-9a-f]{1,4}\\]:[1-9][0-9]{0,4}",
        "unix:/run/[a-z]{1,12}\\.sock",
        "[a-z]{2,10}",
    ];
    prop::collection::btree_set(server, 1..9).prop_map(|servers| servers.into_iter().collect())
}

proptest! {
    #[test]
    fn the_rule_of_nginx_and_that_of_the_crate_are_one(target in targets::anything()) {
        prop_assume!(!target.contains('\n'));
        let key = Key::of(&target);
        prop_assert_eq!(key_of_nginx("GET", &target), key.map(|key| key.to_string()));
        prop_assert_eq!(key_of_nginx("HEAD", &target), None);
    }

    #[test]
    fn a_key_is_a_prefix_and_the_path_with_nothing_to_escape_or_to_normalise(target in targets::anything()) {
        let Some(key) = Key::of(&target) else { return Ok(()) };
        prop_assert_eq!(key.as_str(), format!("{NAMESPACE}{target}"));
        prop_assert_eq!(escaped(key.as_str()), key.as_str());
        prop_assert!(key.as_str().len() <= 250);
        prop_assert_eq!(Key::of(key.path()), Some(key.clone()));
        let segments: Vec<_> = key.path().split('/').skip(1).collect();
        prop_assert!(segments.iter().all(|it| !it.is_empty() && !it.starts_with('.')));
        prop_assert!(!key.path().contains(['%', '?', '#', '\\', '+', ' ']));
    }

    #[test]
    fn a_key_with_one_byte_more_is_another_key_or_none(target in targets::addressable(), byte in any::<char>(), place in any::<Index>()) {
        let mut other = target.clone();
        other.insert(place.index(target.len() + 1), byte);
        if let (Some(one), Some(other)) = (Key::of(&target), Key::of(&other)) {
            prop_assert_ne!(one.as_str(), other.as_str());
        }
    }

    #[test]
    fn a_ring_orders_every_server_once_whatever_their_order_in_the_configuration(
        (servers, shuffled) in servers().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        key in targets::addressable(),
    ) {
        let order = Ring::new(&servers).order(key.as_bytes());
        prop_assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), servers.len());
        prop_assert_eq!(order.first().copied(), Ring::new(&servers).server_of(key.as_bytes()));
        let again = Ring::new(&shuffled).order(key.as_bytes());
        let named = |order: &[usize], of: &[String]| -> Vec<String> { order.iter().map(|it| of[*it].clone()).collect() };
        prop_assert_eq!(named(&order, &servers), named(&again, &shuffled));
    }

    #[test]
    fn a_server_that_is_taken_away_moves_only_its_own_keys_and_each_to_the_next_of_its_order(
        servers in servers(), gone in any::<Index>(), key in targets::addressable(),
    ) {
        let gone = gone.index(servers.len());
        let mut rest = servers.clone();
        let name = rest.remove(gone);
        let before = Ring::new(&servers).order(key.as_bytes()).into_iter().map(|it| servers[it].clone());
        let after = Ring::new(&rest).order(key.as_bytes()).into_iter().map(|it| rest[it].clone());
        prop_assert!(before.filter(|server| *server != name).eq(after));
    }

    #[test]
    fn an_answer_is_kept_by_others_only_if_everything_allows_it(case in case()) {
        let (cache_control, status) = case.answer();
        let is_whole = matches!(case.status, 200 | 206 | 304);
        let expected = match case.policy {
            Some(Policy::Private) => PRIVATE,
            Some(Policy::Immutable | Policy::Purgeable) if case.has("set-cookie") => PRIVATE,
            _ if case.headers.contains(&("vary", "Cookie")) => NO_STORE,
            Some(Policy::Immutable) if is_whole => IMMUTABLE,
            Some(Policy::Purgeable) if is_whole => PURGEABLE,
            _ => NO_STORE,
        };
        prop_assert_eq!(cache_control, expected);
        // There is no memcached: a response that would have been stored has this reason, and no other has it.
        prop_assert_eq!(status.contains("detail=disabled"), case.may_be_stored(), "{}", status);
    }
}

const STYLE: &str = "/static/site.0123456789abcdef.css";
const PICTURE: &str = "/i/anna/token/640.webp";

const TARGETS: &[&str] = &[
    STYLE,
    PICTURE,
    "/people/anna",
    "/i/anna/token/640.webp?w=1",
    "/static/site.css",
];
const POLICIES: &[Policy] = &[
    Policy::Immutable,
    Policy::Purgeable,
    Policy::Private,
    Policy::NoStore,
];

/// A request, and what a handler answers.
#[derive(Clone, Debug)]
struct Case {
    method: &'static str,
    target: &'static str,
    is_signed: bool,
    status: u16,
    policy: Option<Policy>,
    headers: Vec<(&'static str, &'static str)>,
}

fn case() -> impl Strategy<Value = Case> {
    let headers = vec![
        ("set-cookie", "a=b"),
        ("vary", "Accept-Encoding"),
        ("vary", "Cookie"),
        ("content-encoding", "br"),
    ];
    // Mostly allowed values, else hardly any response would be storable.
    let mostly = |usual: &'static str, others: Vec<&'static str>| prop_oneof![3 => Just(usual), 1 => select(others)];
    (
        mostly("GET", vec!["HEAD", "POST"]),
        select(TARGETS),
        prop::bool::weighted(0.2),
        prop_oneof![3 => Just(200_u16), 1 => select(vec![201, 206, 301, 304, 404, 500])],
        prop::option::weighted(0.9, select(POLICIES)),
        prop_oneof![2 => Just(vec![("vary", "Accept-Encoding")]), 1 => subsequence(headers, 0..=4)],
        select(vec!["text/css", "image/webp"]),
    )
        .prop_map(
            |(method, target, is_signed, status, policy, mut headers, kind)| {
                headers.push(("content-type", kind));
                Case {
                    method,
                    target,
                    is_signed,
                    status,
                    policy,
                    headers,
                }
            },
        )
}

impl Case {
    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| *known == name)
    }

    fn may_be_stored(&self) -> bool {
        let fits = |policy, target, kind| {
            self.policy == Some(policy)
                && self.target == target
                && self.headers.contains(&("content-type", kind))
        };
        let is_right = fits(Policy::Immutable, STYLE, "text/css")
            || fits(Policy::Purgeable, PICTURE, "image/webp");
        let is_for_all =
            !self.has("set-cookie") && !self.has("content-encoding") && !self.is_signed;
        is_right
            && is_for_all
            && self.method == "GET"
            && self.status == 200
            && !self.headers.contains(&("vary", "Cookie"))
    }

    fn of_handler(&self) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, *value);
        }
        if let Some(policy) = self.policy {
            response = response.extension(policy);
        }
        response.body(Body::from("body")).unwrap()
    }

    /// Returns `Cache-Control` and `Cache-Status` of the response through the layer.
    fn answer(&self) -> (String, String) {
        let case = self.clone();
        let handler = service_fn(move |_: Request<Body>| {
            let answer = case.of_handler();
            async { Ok::<_, Infallible>(answer) }
        });
        let mut request = Request::builder().method(self.method).uri(self.target);
        if self.is_signed {
            request = request.header("authorization", "Basic x");
        }
        let request = request.body(Body::empty()).unwrap();
        let service = Accelerator::new(Options::default()).layer().layer(handler);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let response = runtime.block_on(service.oneshot(request)).unwrap();
        let only = |name: &str| {
            let values: Vec<_> = response.headers().get_all(name).iter().collect();
            assert_eq!(values.len(), 1, "{name}: {values:?}");
            values[0].to_str().unwrap().to_owned()
        };
        (only("cache-control"), only("cache-status"))
    }
}
