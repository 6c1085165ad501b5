//! What stands behind the page before and after a session: whoever began the program answers there.

use serde_json::Value;

/// Answers what pages ask outside of a session: which ports there are, what came of a visit, a report.
///
/// It is called on threads of its own, several at a time, and may take its time: the session and other
/// pages go on meanwhile. `PROTOCOL.md`, "Questions", lists what is asked.
pub trait Desk: Send + Sync {
    /// Answers one question, which is a JSON object with `what`.
    ///
    /// # Errors
    ///
    /// What a person is told: why it cannot be, and what to do.
    fn ask(&self, question: &Value) -> Result<Reply, String>;
}

/// The answer to a question.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// For the page that asked, as `told` of its answer.
    pub told: Value,
    /// A document of its own, without script, such as a report: one file of HTML. It is put at an address
    /// that nobody can guess, which is `path` of the answer.
    pub paper: Option<String>,
}

impl From<Value> for Reply {
    fn from(told: Value) -> Self {
        Self { told, paper: None }
    }
}
