//! Sentences in which something varies.

/// A sentence in English with names in braces, and what it is in another language.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// As it stands in the catalogue.
    pub(super) key: String,
    /// What stands between what varies; one more than names.
    parts: Vec<String>,
    names: Vec<String>,
    /// In the other language, with the same names in braces.
    pub(super) text: String,
}

impl Pattern {
    pub(super) fn new(key: &str, text: String) -> Self {
        let (mut parts, mut names) = (Vec::new(), Vec::new());
        let mut rest = key;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            parts.push(before.to_owned());
            names.push(name.to_owned());
            rest = after;
        }
        parts.push(rest.to_owned());
        Self { key: key.to_owned(), parts, names, text }
    }

    /// Makes of it its own translation.
    pub(super) fn say_itself(&mut self) {
        self.text.clone_from(&self.key);
    }

    /// Length of what does not vary: the more of it, the surer it is meant.
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(String::len).sum()
    }

    /// What stands in the places that vary, if the sentence is this one. Each takes as little as it can.
    pub(super) fn values<'a>(&'a self, sentence: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let (first, rest) = self.parts.split_first()?;
        let mut left = sentence.strip_prefix(first.as_str())?;
        let mut values = Vec::with_capacity(self.names.len());
        for (index, (name, part)) in self.names.iter().zip(rest).enumerate() {
            let end = match index + 1 == self.names.len() {
                true => left.strip_suffix(part.as_str())?.len(),
                false => left.find(part.as_str())?,
            };
            if end == 0 {
                return None;
            }
            values.push((name.as_str(), &left[..end]));
            left = &left[end + part.len()..];
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_found_and_nothing_else_fits() {
        let one = Pattern::new("{value} {unit} is called {name} by {who}", String::new());
        let values = one.values("12.3 cmH2O is called weak by Angelo 2017").expect("it fits");
        assert_eq!(
            values,
            [("value", "12.3"), ("unit", "cmH2O"), ("name", "weak"), ("who", "Angelo 2017")]
        );
        for other in ["", "is called weak by", "12 is called weak by Angelo", " is called x by y"] {
            assert_eq!(one.values(other), None, "{other}");
        }
        let whole = Pattern::new("pain is reported", String::new());
        assert_eq!(whole.values("pain is reported").map(|all| all.len()), Some(0));
    }
}
