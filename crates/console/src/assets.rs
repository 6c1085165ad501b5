//! The files of the page: part of the program, read from disk while it is developed.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "web"]
struct Web;

/// A file and what it is, by its path without the leading slash; the empty path is the page.
pub(crate) fn find(path: &str) -> Option<(Cow<'static, [u8]>, &'static str)> {
    let path = if path.is_empty() { "index.html" } else { path };
    let kind = match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "LICENSE" => "text/plain; charset=utf-8",
        _ => return None,
    };
    // In a debug build this reads a folder: only plain names, nothing that could climb out of it.
    let is_plain = path.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    });
    if !is_plain {
        return None;
    }
    Web::get(path).map(|file| (file.data, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_there_and_nothing_outside_of_its_folder_is() {
        assert!(find("").is_some_and(|(_, kind)| kind.starts_with("text/html")));
        assert!(find("vendor/preact.js").is_some());
        for wrong in
            ["../Cargo.toml", "..", "/index.html", "./index.html", "vendor//preact.js", "web"]
        {
            assert!(find(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_script_of_the_page_is_small() {
        // 60 KB gzipped is the aim, without the chart of past visits; it shrinks to 35 %, which
        // tests/page/rules.mjs measures.
        let total: usize = Web::iter()
            .filter(|name| name.ends_with(".js") && name != "review.js")
            .filter_map(|name| Web::get(&name))
            .map(|file| file.data.len())
            .sum();
        assert!(total < 60 * 1024 * 100 / 36, "{total} bytes of script");
    }
}
