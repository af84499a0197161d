//! Checks before the timing: all contenders send the same bytes, and hits come from their caches.

use std::path::Path;
use std::process::Command;

use crate::Trouble;
use crate::contenders::{Contender, Ground, Proof};
use crate::http::get;

/// How often each item is requested.
const ROUNDS: u64 = 5;

/// Requests every item from a contender, and checks where the responses came from.
pub(crate) async fn prove(contender: &Contender, ground: &Ground<'_>) -> Result<(), Trouble> {
    let before = lookups(contender)?;
    for (path, bytes) in ground
        .items
        .iter()
        .cycle()
        .take(ground.items.len() * ROUNDS as usize)
    {
        let answer = get(contender.address, path, "").await?;
        if answer.status() != "200" || answer.body != *bytes {
            return Err(format!(
                "{} gives other bytes for {path}: {}",
                contender.name, answer.head
            )
            .into());
        }
        let said = answer.header("X-Cache");
        let wanted = match &contender.proof {
            Proof::XCache(value) => Some(*value),
            Proof::Memcached(_) if contender.bare.is_some() => Some("HIT memcached"),
            _ => said,
        };
        if said != wanted {
            return Err(format!("{} answers {path} with X-Cache {said:?}", contender.name).into());
        }
    }
    let asked = ground.items.len() as u64 * ROUNDS;
    if let (Some((hits_before, misses_before)), Some((hits, misses))) =
        (before, lookups(contender)?)
    {
        let (hits, misses) = (hits - hits_before, misses - misses_before);
        if (hits, misses) != (asked, 0) {
            return Err(format!(
                "{}: {hits} hits and {misses} misses for {asked} requests",
                contender.name
            )
            .into());
        }
    }
    Ok(())
}

/// After the timing: checks that as many lookups were hits as wrk counted responses, and none a miss.
pub(crate) fn confirm(
    contender: &Contender,
    before: Option<(u64, u64)>,
    requests: u64,
) -> Result<(), Trouble> {
    let (Some((hits_before, misses_before)), Some((hits, misses))) = (before, lookups(contender)?)
    else {
        return Ok(());
    };
    // Requests under way when wrk ended were looked up and not counted.
    if hits - hits_before < requests || misses != misses_before {
        return Err(format!(
            "{}: {} hits and {} misses for {requests} requests",
            contender.name,
            hits - hits_before,
            misses - misses_before
        )
        .into());
    }
    Ok(())
}

/// A 304 of the shipped front needs no memcached, and the bare server answers 204.
pub(crate) async fn prove_304(
    contender: &Contender,
    path: &str,
    header: &str,
) -> Result<(), Trouble> {
    let before = lookups(contender)?;
    let header = format!("{header}\r\n");
    let answer = get(contender.address, path, &header).await?;
    if answer.status() != "304"
        || answer.header("X-Cache") != Some("HIT nginx")
        || lookups(contender)? != before
    {
        return Err(format!("{path} is not answered 304 by nginx alone: {}", answer.head).into());
    }
    let bare = get(contender.bare.unwrap_or(contender.address), "/", &header).await?;
    if bare.status() != "204" {
        return Err(format!("the bare server says {}", bare.head).into());
    }
    Ok(())
}

/// Hits and misses as counted by the program that holds the bytes; `None` if none counts them.
pub(crate) fn lookups(contender: &Contender) -> Result<Option<(u64, u64)>, Trouble> {
    Ok(match &contender.proof {
        Proof::Memcached(memcached) => Some(memcached.hits_and_misses()?),
        Proof::Varnish(state) => Some((
            varnish_counter(state, "cache_hit")?,
            varnish_counter(state, "cache_miss")?,
        )),
        Proof::XCache(_) | Proof::None => None,
    })
}

fn varnish_counter(state: &Path, name: &str) -> Result<u64, Trouble> {
    let field = format!("MAIN.{name}");
    let said = Command::new("varnishstat")
        .arg("-1")
        .arg("-n")
        .arg(state)
        .args(["-f", &field])
        .output()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let value = said
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok());
    value.ok_or_else(|| format!("varnishstat does not know {field}: {said}").into())
}
