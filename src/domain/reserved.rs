//! Names under which a member could be taken for the site.

/// Roles of a site. No name has one of them as a word, so `support-team` and `the-admin2` are refused too.
const ROLES: [&str; 10] = [
    "admin",
    "administrator",
    "helpdesk",
    "moderator",
    "official",
    "staff",
    "support",
    "sysadmin",
    "webmaster",
    "postmaster",
];

/// Words that are refused only as a whole name: `root-beer` and `solar-system` are names like others.
const WHOLE_NAMES: [&str; 30] = [
    "about",
    "abuse",
    "account",
    "accounts",
    "anonymous",
    "billing",
    "contact",
    "copyright",
    "dmca",
    "everybody",
    "everyone",
    "feedback",
    "flickr",
    "help",
    "hostmaster",
    "info",
    "legal",
    "mod",
    "mods",
    "moderators",
    "noreply",
    "press",
    "privacy",
    "root",
    "sales",
    "security",
    "site",
    "system",
    "team",
    "terms",
];

/// The name of the site as people write it, as far as all spellings agree.
const SITE: [&str; 2] = ["flickrkill", "flickerkill"];

/// Whether a user name reads as the site speaking.
pub(super) fn is_reserved(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_alphanumeric());
    let has_role = words.map(folded).any(|word| is_one_of(&ROLES, &word));
    has_role || is_reserved_as_a_whole(name)
}

/// Whether a text as a whole reads as the site speaking: "Support", "FLICKR KILLR help". A role as one word
/// of it does not count, because names to show have words: Leopold Staff was a poet.
pub(super) fn is_reserved_as_a_whole(text: &str) -> bool {
    let whole = folded(text);
    let is_word = is_one_of(&ROLES, &whole) || is_one_of(&WHOLE_NAMES, &whole);
    is_word || SITE.iter().any(|site| whole.contains(&folded(site)))
}

fn is_one_of(list: &[&str], word: &str) -> bool {
    list.iter().any(|listed| folded(listed) == word)
}

/// The letters of a text as they look: small, digits as the letters that they stand for, digits at the
/// end and all else left out. `Supp0rt-7` and `support` become the same.
fn folded(text: &str) -> String {
    let text = text.to_lowercase();
    let end = |c: char| c.is_ascii_digit() || !c.is_alphanumeric();
    let letters = text.trim_end_matches(end).chars();
    letters
        .filter(|c| c.is_alphanumeric())
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' => 'l',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_as_the_site_is_reserved_however_it_is_written() {
        for name in [
            "admin",
            "4dm1n",
            "admin-2",
            "support-",
            "support-team",
            "the-support",
            "supp0rt",
            "support24",
            "flickrkillr",
            "flickr-killr",
            "flickr-killr-help",
            "fl1ckr-k1llr",
            "the-flickr-killer",
            "root",
            "security",
            "help",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in [
            "ann-lind",
            "root-beer",
            "solar-system",
            "flickr-fan",
            "adminka",
            "supporter",
            "4x4",
            "teamwork",
            "2007",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn a_name_to_show_may_have_a_role_among_its_words() {
        for text in [
            "Support",
            " S U P P O R T ",
            "Flickr Killr",
            "The FLICKR-KILLR team",
        ] {
            assert!(is_reserved_as_a_whole(text), "{text}");
        }
        assert!(!is_reserved_as_a_whole("Leopold Staff"));
    }
}
