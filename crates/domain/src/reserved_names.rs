//! Names under which a member could be taken for the site.

use super::letters::letters_of;

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

/// Letters that look like a Latin one: of the Cyrillic and the Greek alphabet, small capitals, and letters with
/// a stroke. Capitals are listed where they look like another letter than the small one does.
const LOOK_ALIKES: [(char, &str); 26] = [
    ('a', "АаΑαᴀɑ"),
    ('b', "ВЬьΒβʙ"),
    ('c', "Ссᴄ"),
    ('d', "ԁđᴅ"),
    ('e', "ЕеΕεᴇ"),
    ('f', "ꜰ"),
    ('g', "ɡɢ"),
    ('h', "НһΗʜħ"),
    ('i', "ІіΙιıɪ"),
    ('j', "Јјᴊ"),
    ('k', "КкΚκᴋ"),
    ('l', "ӀӏŁłʟ"),
    ('m', "МмΜᴍ"),
    ('n', "пΝηɴ"),
    ('o', "ОоΟοσØøᴏ"),
    ('p', "РрΡρᴘ"),
    ('q', "ԛ"),
    ('r', "гʀ"),
    ('s', "Ѕѕꜱ"),
    ('t', "ТтΤτᴛ"),
    ('u', "υμᴜ"),
    ('v', "ѵνᴠ"),
    ('w', "ԝωᴡ"),
    ('x', "ХхΧχ"),
    ('y', "УуΥγʏ"),
    ('z', "Ζᴢ"),
];

/// Whether a user name could be taken for the site.
pub(super) fn is_reserved(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_alphanumeric());
    let has_role = words.map(folded).any(|word| is_one_of(&ROLES, &word));
    has_role || is_reserved_as_a_whole(name)
}

/// Whether a text as a whole could be taken for the site: "Support", "FLICKR KILLR help". A role as one word
/// of it does not count, because names to show have words: Leopold Staff was a poet.
pub(super) fn is_reserved_as_a_whole(text: &str) -> bool {
    let whole = folded(text);
    let is_word = is_one_of(&ROLES, &whole) || is_one_of(&WHOLE_NAMES, &whole);
    is_word || SITE.iter().any(|site| whole.contains(&folded(site)))
}

fn is_one_of(list: &[&str], word: &str) -> bool {
    list.iter().any(|listed| folded(listed) == word)
}

/// The letters of a text by their look: small Latin ones without accents, digits replaced by the letters that they
/// imitate, digits at the end and all else left out. `Supp0rt-7` and `support` become the same.
fn folded(text: &str) -> String {
    let letters = text.chars().flat_map(letters_of).map(latin);
    let letters: String = letters.flat_map(char::to_lowercase).collect();
    let letters = letters.trim_end_matches(|c: char| c.is_ascii_digit());
    letters
        .chars()
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

/// The Latin letter that a letter looks like.
fn latin(c: char) -> char {
    let alike = LOOK_ALIKES.iter().find(|(_, others)| others.contains(c));
    alike.map_or(c, |(latin, _)| *latin)
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

    #[test]
    fn a_reserved_name_stays_reserved_in_letters_that_look_the_same() {
        for text in [
            "Ｆｌｉｃｋｒ Ｋｉｌｌｒ",
            "𝐒𝐮𝐩𝐩𝐨𝐫𝐭",
            "Ⓢⓤⓟⓟⓞⓡⓣ",
            "Súpport",
            "Su\u{308}pport",
            "ꜱᴜᴘᴘᴏʀᴛ",
            // With Cyrillic letters.
            "Flісkr Kіllr",
            "Ѕuрроrt",
            "аdmіn",
            // With Greek ones.
            "ΤΕΑΜ",
            "Αdmιn",
        ] {
            assert!(is_reserved_as_a_whole(text), "{text}");
        }
        for text in ["Ольга", "Παναγιώτης", "Šarūnas", "Максим Поддубный"]
        {
            assert!(!is_reserved_as_a_whole(text), "{text}");
        }
    }
}
