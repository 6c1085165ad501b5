//! As much of XML as descriptions of streams need: elements with text, no attributes, no entities but
//! the five.

/// The content of the first element called `name` in `xml`, not inside another of the same name.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    elements(xml, name).next()
}

/// The contents of all elements called `name`, in their order.
pub(crate) fn elements<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let mut rest = xml;
    std::iter::from_fn(move || {
        loop {
            let open = rest.find('<')?;
            let tag = &rest[open + 1..];
            let end = tag.find('>')?;
            let (inside, after) = (&tag[..end], &tag[end + 1..]);
            rest = after;
            let is_wanted = inside.split([' ', '\t', '\r', '\n', '/']).next() == Some(name);
            if !is_wanted {
                continue;
            }
            if inside.ends_with('/') {
                return Some("");
            }
            let close = format!("</{name}>");
            let len = after.find(&close)?;
            rest = &after[len + close.len()..];
            return Some(&after[..len]);
        }
    })
}

/// The text of the first element called `name`, entities replaced; empty if there is none.
pub(crate) fn text(xml: &str, name: &str) -> String {
    unescape(element(xml, name).unwrap_or_default().trim())
}

fn unescape(text: &str) -> String {
    // The ampersand last: what it makes is no entity again.
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// `text` as the content of an element. What XML cannot hold becomes a space.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(letter),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            _ if letter.is_control() => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_whatever_stands_around_them() {
        let xml = "<?xml version=\"1.0\"?>\n<info>\n <name>a &lt; b &amp;amp;</name><v4address />\
                   <desc><channels><channel><label>x</label></channel><channel/></channels></desc></info>";
        assert_eq!(text(xml, "name"), "a < b &amp;");
        assert_eq!(element(xml, "v4address"), Some(""));
        assert_eq!(element(xml, "nam"), None);
        let channels = element(xml, "channels").expect("there");
        let labels: Vec<String> =
            elements(channels, "channel").map(|channel| text(channel, "label")).collect();
        assert_eq!(labels, ["x", ""]);
        for broken in ["", "<", "<name", "<name>", "<name>x</nam", "</name>", "<<<>>>"] {
            assert_eq!(text(broken, "name"), "", "{broken}");
        }
    }

    #[test]
    fn what_is_escaped_comes_back() {
        for plain in ["a<b>&c", "&amp;", "]]>", "ä 收"] {
            let xml = format!("<x>{}</x>", escape(plain));
            assert_eq!(text(&xml, "x"), plain);
        }
        assert_eq!(escape("a\u{1}b"), "a b");
    }
}
